using System.Text.Json;
using Cells.Contracts;
using Cells.Contracts.Wire;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Messaging.Links;

/// <summary>
/// Receives one incarnation of a neighbour: gives its work to the router in order per key, its state page by page, and commits the
/// watermarks. A new incarnation gets a new inbox, so an answer of the router to the old one's numbers reaches nobody. It keeps nothing that
/// the neighbour would not send again, so its failure is its link's failure.
/// </summary>
internal sealed class LinkInbox : ReceiveActor
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    // Above every deadline of a healthy router: what is unanswered for so long went down with a restart of it, or with a full mailbox.
    private static readonly TimeSpan GiveAgainAfter = TimeSpan.FromSeconds(30);

    private readonly LinkParts _parts;
    private readonly long _incarnation;
    private readonly long _start;
    private readonly SortedDictionary<long, TimeSpan> _given = [];
    private readonly SortedDictionary<long, Parking> _parking = [];
    private WorkReceiving _work;
    private StateReceiving _state;
    private TimeSpan _pageGiven;
    private bool _committing;
    private int _parked;
    private long _parkings;   // rises with each committed parking: what was read before it is out of date

    public LinkInbox(LinkParts parts, LinkPast past, IReadOnlyList<string> parkedKeys)
    {
        (_parts, _incarnation, _parked, _start) = (parts, past.InIncarnation, parkedKeys.Count, parts.Time.GetTimestamp());
        _work = WorkReceiving.From(past.WorkWatermark, parkedKeys);
        _state = new StateReceiving(past.StateWatermark, null);

        Receive<WorkArrived>(OnWork);
        Receive<WorkDone>(OnWorkDone);
        Receive<WorkFailed>(OnWorkFailed);
        Receive<Parked>(OnParked);
        Receive<WatermarkCommitted>(OnWatermark);
        Receive<StateArrived>(OnState);
        Receive<StateDone>(OnStateDone);
        Receive<RetryKey>(m => StartRetry(m.OrderKey));
        Receive<ParkedChanged>(_ => ReadParked());
        Receive<ParkedRead>(OnParkedRead);
        Receive<NotTaken>(m => LinkTelemetry.NotCommitted(parts.Logger, parts.Cell, parts.Neighbour, m.What, m.Reason));   // the round tries again
        Receive<NotRead>(m => LinkTelemetry.NotRead(parts.Logger, parts.Cell, parts.Neighbour, "its parked messages", m.Error));
        Receive<GoRound>(_ => OnRound());
    }

    private TimeSpan Now => _parts.Time.GetElapsedTime(_start);

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(GoRound), GoRound.Instance, Round);

    private void OnWork(WorkArrived arrived)
    {
        var (again, duplicate) = (false, false);
        foreach (var item in arrived.Items)
        {
            (_work, var arrival) = _work.On(item);
            if (arrival is Arrival.Gap or Arrival.Full)
            {
                again |= arrival == Arrival.Gap;
                break;
            }
            duplicate |= arrival == Arrival.Duplicate;
            if (arrival != Arrival.Duplicate)
                LinkTelemetry.WorkReceived.Add(1);
            if (arrival == Arrival.Deliver)
                Give(item);
            else if (arrival == Arrival.Park)
                Park(item, BehindParked, failed: false);
        }
        if (_parts.Hooks.AckBeforeCommit)
            CommitWatermark();
        if (again || duplicate)
            TellMarks(FrameKind.WorkAck, workAgain: again);
    }

    private const string BehindParked = "An earlier message of its key is parked.";

    private void Give(WorkItem item)
    {
        if (!TryRead(item, out var message, out var unreadable))
        {
            Park(item, unreadable, failed: true);
            return;
        }
        _given[item.Number] = Now;
        _parts.Router.Tell(
            new WorkReceived(_parts.Neighbour, _parts.Kind, item.Number, item.OrderKey, message, item.TraceParent) { Incarnation = _incarnation },
            Self);
    }

    /// <param name="reason">Why not, for the operator who finds it parked.</param>
    internal static bool TryRead(WorkItem item, out object message, out string reason)
    {
        (message, reason) = (item, "");
        try
        {
            if (WireMessages.TryRead(item.WireName, item.Body.Span, out var read))
            {
                message = read!;
                return true;
            }
            reason = $"This version does not know the message '{item.WireName}'. Upgrade this cell, then retry it.";
        }
        catch (JsonException error)
        {
            reason = $"Its body is no '{item.WireName}': {error.Message}";
        }
        return false;
    }

    // What was given twice is answered twice: the second answer finds nothing.
    private void OnWorkDone(WorkDone done)
    {
        if (_given.Remove(done.Number))
            Finish(done.Number);
    }

    private void OnWorkFailed(WorkFailed failed)
    {
        if (_given.Remove(failed.Number))
            Park(_work.Unfinished[failed.Number], failed.Reason, failed: true);
    }

    private void Finish(long number)
    {
        (_work, var following) = _work.OnDone(number);
        if (following is not null && _work.ParkedKeys.Contains(following.OrderKey))
            Park(following, BehindParked, failed: false);
        else if (following is not null)
            Give(following);
        CommitWatermark();
    }

    private void CommitWatermark()
    {
        // The planted bug: what has merely arrived counts as done.
        var to = _parts.Hooks.AckBeforeCommit ? _work.Received : _work.DoneTo;
        if (_committing || to <= _work.Watermark)
            return;
        _committing = true;
        Commit(new AdvanceWorkWatermark(_parts.Neighbour, _incarnation, to), "a work watermark", committed => new WatermarkCommitted(to, committed));
    }

    private void OnWatermark(WatermarkCommitted outcome)
    {
        _committing = false;
        if (!outcome.Committed)
            return;
        _work = _work.OnCommitted(outcome.To);
        TellMarks(FrameKind.WorkAck);
        CommitWatermark();
    }

    private void Park(WorkItem item, string reason, bool failed)
    {
        _work = _work.OnKeyParked(item.OrderKey);
        _parking[item.Number] = new Parking(item, reason, failed);
        CommitParking(item.Number);
    }

    private void CommitParking(long number)
    {
        var parking = _parking[number];
        if (parking.UnderWay)
            return;
        parking.UnderWay = true;
        Commit(
            new ParkMessage(_parts.Neighbour, _incarnation, parking.Item, parking.Reason, _parts.Time.GetUtcNow()),
            "a parked message",
            committed => new Parked(number, committed));
    }

    private void OnParked(Parked outcome)
    {
        if (!_parking.TryGetValue(outcome.Number, out var parking))
            return;
        parking.UnderWay = false;
        if (!outcome.Committed)
            return;
        _parking.Remove(outcome.Number);
        _parked++;
        _parkings++;
        if (parking.Failed)
        {
            LinkTelemetry.Parked(
                _parts.Logger, _parts.Cell, _parts.Neighbour, outcome.Number, parking.Item.WireName, parking.Item.OrderKey, parking.Reason);
        }
        Finish(outcome.Number);
        TellMarks(FrameKind.WorkAck);
    }

    private void OnState(StateArrived arrived)
    {
        (_state, var arrival) = _state.On(arrived.Page);
        if (arrival == PageArrival.Deliver)
            GivePage(arrived.Page);
        else if (arrival != PageArrival.Busy)
            TellMarks(FrameKind.StateAck, stateAgain: arrival == PageArrival.Gap);
    }

    private void GivePage(StatePage page)
    {
        _pageGiven = Now;
        var watermark = new AdvanceStateWatermark(_parts.Neighbour, _incarnation, page.To);
        _parts.Router.Tell(new StateReceived(_parts.Neighbour, _parts.Kind, page.From, page.To, page.Rows, watermark), Self);
    }

    private void OnStateDone(StateDone done)
    {
        var before = _state.Watermark;
        _state = _state.OnDone(done.To);
        if (_state.Watermark > before)
            TellMarks(FrameKind.StateAck);
    }

    /// <summary>One retry of a key at a time: its name is taken while it runs.</summary>
    private void StartRetry(string orderKey)
    {
        var name = ParkedRetry.NameFor(orderKey);
        if (Context.Child(name).IsNobody())
            Context.ActorOf(Props.Create(() => new ParkedRetry(_parts, orderKey)), name);
    }

    private void ReadParked()
    {
        var at = _parkings;
        PipeToSelf(_parts.Store.ReadLinkAsync(_parts.Neighbour, Stopping), record => new ParkedRead(record.ParkedKeys, at), error => new NotRead(error));
    }

    private void OnParkedRead(ParkedRead read)
    {
        if (read.At != _parkings)
        {
            ReadParked();
            return;
        }
        _parked = read.Keys.Count;
        var left = read.Keys.ToHashSet(StringComparer.Ordinal);
        // A key with messages in line is being parked further; its next retry finds them.
        foreach (var key in _work.ParkedKeys.Where(key => !left.Contains(key) && !_work.Lines.ContainsKey(key)).ToList())
        {
            _work = _work.OnKeyFree(key);
            LinkTelemetry.KeyFree(_parts.Logger, _parts.Cell, _parts.Neighbour, key);
        }
        TellMarks(FrameKind.WorkAck);
    }

    private void OnRound()
    {
        foreach (var (number, _) in _given.Where(given => Now - given.Value >= GiveAgainAfter).ToList())
        {
            LinkTelemetry.GivenAgain(_parts.Logger, _parts.Cell, _parts.Neighbour, $"work {number}", GiveAgainAfter);
            Give(_work.Unfinished[number]);
        }
        if (_state.Pending is { } page && Now - _pageGiven >= GiveAgainAfter)
        {
            LinkTelemetry.GivenAgain(_parts.Logger, _parts.Cell, _parts.Neighbour, $"state up to {page.To}", GiveAgainAfter);
            GivePage(page);
        }
        foreach (var number in _parking.Keys.ToList())
            CommitParking(number);
        CommitWatermark();
    }

    private void TellMarks(FrameKind ack, bool workAgain = false, bool stateAgain = false) =>
        Parent.Tell(new InboxMarks(
            ack,
            new Marks(_work.Watermark, _work.Received, _state.Watermark, workAgain, stateAgain),
            _parked), Self);

    private void Commit(IWrite write, string what, Func<bool, object> ended) => PipeToSelf(
        _parts.Committer.CommitAsync(new Change(write)),
        outcome =>
        {
            if (outcome is CommitOutcome.Unavailable unavailable)
                Self.Tell(new NotTaken(what, unavailable.Reason));
            return ended(outcome is CommitOutcome.Committed);
        },
        error =>
        {
            Self.Tell(new NotTaken(what, error.Message));
            return ended(false);
        });

    internal sealed record WorkArrived(IReadOnlyList<WorkItem> Items);

    internal sealed record StateArrived(StatePage Page);

    /// <summary>Gives the parked messages of a key to the router again.</summary>
    internal sealed record RetryKey(string OrderKey);

    /// <summary>Parked rows have gone.</summary>
    internal sealed record ParkedChanged
    {
        public static readonly ParkedChanged Instance = new();
    }

    /// <summary>To the link: how far this incarnation is, to be acknowledged in a frame of the kind.</summary>
    internal sealed record InboxMarks(FrameKind Ack, Marks Marks, int Parked);

    private sealed record WatermarkCommitted(long To, bool Committed);

    private sealed record Parked(long Number, bool Committed);

    private sealed record ParkedRead(IReadOnlyList<string> Keys, long At);

    private sealed record NotTaken(string What, string Reason);

    private sealed record NotRead(Exception Error);

    private sealed record GoRound
    {
        public static readonly GoRound Instance = new();
    }

    /// <param name="Failed">It could not be handled itself; else it only stands behind one that could not.</param>
    private sealed record Parking(WorkItem Item, string Reason, bool Failed)
    {
        public bool UnderWay { get; set; }
    }
}
