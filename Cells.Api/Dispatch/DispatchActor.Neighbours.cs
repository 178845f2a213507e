using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>How the neighbours are, what they tell, and what they are told.</summary>
internal sealed partial class DispatchActor
{
    private readonly SortedDictionary<CellName, WorkCount> _counts = [];

    private void ReceiveNeighbours()
    {
        Receive<NewsReceived>(OnNews);
        Receive<NeighbourChanged>(OnNeighbour);
        Receive<LinkReset>(OnLinkReset);
        Receive<OpenRead>(OnOpenRead);
        Receive<Settled>(OnSettled);
        Receive<SettleAgain>(m => Settle(m.Reset));
        Receive<OpenUnread>(m =>
        {
            DispatchTelemetry.ReadDelayed(_parts.Log, _parts.Cell, $"open dispatches of {m.Reset.Link}", m.Error.Message, _parts.Options.RetryAfter);
            Timers.StartSingleTimer(("reset", m.Reset.Link), m.Reset, _parts.Options.RetryAfter);
        });
        Receive<SentRead>(m =>
        {
            foreach (var sent in m.Builds)
                _children.OnSent(sent.Child, sent.Number, sent.Command);
        });
        Receive<SentUnread>(m =>
        {
            DispatchTelemetry.ReadDelayed(_parts.Log, _parts.Cell, "builds in the outbox", m.Error.Message, _parts.Options.RetryAfter);
            Timers.StartSingleTimer("sent", new ReadSent(), _parts.Options.RetryAfter);
        });
        Receive<ReadSent>(_ => StartReadingSent());
        Receive<AskChildren>(_ => Sender.Tell(new ChildrenReport(
            [.. _children.Reports], _children.Reaches(_parts.Cell, _parts.Kind, _parts.Time.GetUtcNow()), _children.NewsOf(_parts.Cell, _parts.Kind, 0, _parts.Time.GetUtcNow()).Capacity), Self));
    }

    private WorkCount Counted(CellName parent) =>
        _counts.TryGetValue(parent, out var count) ? count : _counts[parent] = new WorkCount();

    private void OnNews(NewsReceived news)
    {
        if (news is not { Kind: NeighbourKind.Child, Message: CellNews told } || !_children.Has(news.Link))
            return;                                   // parents' news say nothing that a dispatcher decides by
        _children.OnNews(news.Link, told, _parts.Time.GetUtcNow());
        TryWaiting();
        TryHeld();
    }

    private void OnNeighbour(NeighbourChanged changed)
    {
        if (changed.Kind != NeighbourKind.Child)
            return;
        _children.OnHealth(changed.Link, changed.Health, _parts.Time.GetUtcNow());
        TryWaiting();
    }

    /// <summary>
    /// The lane toward a child begins anew: what it has not answered is sent again, keyed as before. Toward a parent there is nothing to drive:
    /// it asks again itself, and is answered again.
    /// </summary>
    private void OnLinkReset(LinkReset reset)
    {
        if (reset.Kind == NeighbourKind.Parent)
        {
            _counts.Remove(reset.Link);
            Settle(reset);
            return;
        }
        _children.OnReset(reset.Link);
        PipeToSelf(
            _store.ReadOpenAsync(reset.Link, Stopping),
            open => new OpenRead(reset, open),
            error => new OpenUnread(reset, error));
    }

    private void OnOpenRead(OpenRead read)
    {
        DispatchTelemetry.DrivenAgain(_parts.Log, _parts.Cell, read.Reset.Link, read.Open.Count);
        var drive = new Drive(read.Reset, read.Open.Count);
        if (read.Open.Count == 0)
            Settle(read.Reset);
        foreach (var instance in read.Open)
            Enqueue(new Job(new DispatchEvent.Reset(instance, read.Reset.Link), TraceParent: null, new Driven(drive)));
    }

    private void OnDriven(Drive drive)
    {
        if (--drive.Left == 0)
            Settle(drive.Reset);
    }

    /// <summary>Everything open is in the outbox again. Should this not be committed, the link says so again at the next start: no harm.</summary>
    private void Settle(LinkReset reset) => PipeToSelf(
        _parts.Committer.CommitAsync(new Change(reset.Settled)),
        outcome => new Settled(reset, outcome),
        error => new Settled(reset, new CommitOutcome.Unavailable(error.Message)));

    private void OnSettled(Settled settled)
    {
        if (settled.Outcome is not CommitOutcome.Unavailable unavailable)
            return;
        DispatchTelemetry.ReadDelayed(_parts.Log, _parts.Cell, $"the new beginning of the link to {settled.Reset.Link}", unavailable.Reason, _parts.Options.RetryAfter);
        Timers.StartSingleTimer(("settle", settled.Reset.Link), new SettleAgain(settled.Reset), _parts.Options.RetryAfter);
    }

    private void StartReadingSent() => PipeToSelf(
        _store.ReadSentBuildsAsync(Stopping), builds => new SentRead(builds), error => new SentUnread(error));

    private void SendNews()
    {
        foreach (var parent in _parts.Parents)
            _parts.SendNews(new SendNews(parent, _children.NewsOf(_parts.Cell, _parts.Kind, Counted(parent).UpTo(_parts.WorkWatermark(parent)), _parts.Time.GetUtcNow())));
    }

    /// <summary>For the admin API: how the children are. Answered by <see cref="ChildrenReport"/>.</summary>
    internal sealed record AskChildren;

    internal sealed record ChildrenReport(IReadOnlyList<ChildReport> Children, IReadOnlyList<ReachedCell> Tree, CapacitySummary Capacity);

    private sealed record OpenRead(LinkReset Reset, IReadOnlyList<InstanceId> Open);
    private sealed record OpenUnread(LinkReset Reset, Exception Error);
    private sealed record Settled(LinkReset Reset, CommitOutcome Outcome);
    private sealed record SettleAgain(LinkReset Reset);
    private sealed record SentRead(IReadOnlyList<SentBuild> Builds);
    private sealed record SentUnread(Exception Error);
    private sealed record ReadSent;

    /// <summary>A link whose open dispatches are being sent again: how many are not in the outbox yet.</summary>
    private sealed class Drive(LinkReset reset, int left)
    {
        public LinkReset Reset { get; } = reset;
        public int Left { get; set; } = left;
    }

    private sealed record Driven(Drive Drive) : Reply;
}
