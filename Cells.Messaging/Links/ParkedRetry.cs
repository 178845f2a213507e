using System.Security.Cryptography;
using System.Text;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Messaging.Links;

/// <summary>
/// Gives the parked messages of one key to the router again, oldest first, until one fails or none is left. The router answers to this
/// actor, so numbers of an older incarnation cannot be taken for those of the present one.
/// </summary>
internal sealed class ParkedRetry : ReceiveActor
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LinkParts _parts;
    private readonly string _orderKey;
    private ParkedMessage? _tried;

    public ParkedRetry(LinkParts parts, string orderKey)
    {
        (_parts, _orderKey) = (parts, orderKey);

        Receive<Oldest>(OnOldest);
        Receive<WorkDone>(m => m.Number == _tried?.Number, _ => Commit(new UnparkMessage(parts.Neighbour, _tried!.Incarnation, _tried.Number), goOn: true));
        Receive<WorkFailed>(m => m.Number == _tried?.Number, m => Fail(m.Reason));
        Receive<WorkDone>(_ => { });
        Receive<WorkFailed>(_ => { });
        Receive<Written>(m => Next(m.GoOn));
        Receive<NoAnswer>(_ => End($"The router did not answer within {Patience}."));
        Receive<Unavailable>(m => End(m.Reason));
    }

    /// <summary>Keys may hold any character, actors' names may not.</summary>
    public static string NameFor(string orderKey) => $"retry-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(orderKey)))}";

    protected override void PreStart() => Next(goOn: true);

    private void Next(bool goOn)
    {
        if (!goOn)
        {
            End(null);
            return;
        }
        PipeToSelf(
            _parts.Store.ReadOldestParkedAsync(_parts.Neighbour, _orderKey, Stopping),
            message => new Oldest(message),
            error => new Unavailable($"It could not be read: {error.Message}"));
    }

    private void OnOldest(Oldest oldest)
    {
        _tried = oldest.Message;
        if (_tried is null)
        {
            End(null);
            return;
        }
        var item = new WorkItem(_tried.Number, _tried.OrderKey, _tried.WireName, _tried.Body, _tried.TraceParent);
        if (!LinkInbox.TryRead(item, out var message, out var unreadable))
        {
            Fail(unreadable);
            return;
        }
        Timers.StartSingleTimer(nameof(NoAnswer), NoAnswer.Instance, Patience);
        _parts.Router.Tell(
            new WorkReceived(_parts.Neighbour, _parts.Kind, item.Number, item.OrderKey, message, item.TraceParent) { Incarnation = _tried.Incarnation },
            Self);
    }

    private void Fail(string reason)
    {
        LinkTelemetry.RetryFailed(_parts.Logger, _parts.Cell, _parts.Neighbour, _tried!.Number, _tried.WireName, reason);
        Commit(new NoteParkedReason(_parts.Neighbour, _tried.Incarnation, _tried.Number, reason), goOn: false);
    }

    private void Commit(IWrite write, bool goOn)
    {
        Timers.Cancel(nameof(NoAnswer));
        PipeToSelf(
            _parts.Committer.CommitAsync(new Change(write)),
            outcome => outcome is CommitOutcome.Unavailable unavailable ? new Unavailable(unavailable.Reason) : new Written(goOn),
            error => new Unavailable(error.Message));
    }

    private void End(string? problem)
    {
        if (problem is not null && _tried is not null)
            LinkTelemetry.RetryFailed(_parts.Logger, _parts.Cell, _parts.Neighbour, _tried.Number, _tried.WireName, problem);
        Parent.Tell(LinkInbox.ParkedChanged.Instance, Self);
        Context.Stop(Self);
    }

    private sealed record Oldest(ParkedMessage? Message);

    private sealed record Written(bool GoOn);

    private sealed record Unavailable(string Reason);

    private sealed record NoAnswer
    {
        public static readonly NoAnswer Instance = new();
    }
}
