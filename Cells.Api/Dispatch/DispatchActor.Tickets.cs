using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>
/// What goes through a cell without being kept there: requests for image tickets up to the home, tickets and what operators say of hosts down to the cell
/// that they are for. Whoever waits for one asks, or says, again.
/// </summary>
internal sealed partial class DispatchActor
{
    private readonly List<Held> _held = [];

    private void ReceiveTickets()
    {
        Receive<TicketIssued>(m => Pass(m.Origin, new Mail(m.Origin.Link, m.Ticket), KeyOf(m.Ticket.Image, m.Ticket.Cell), m.TraceParent));
        Receive<TicketNotIssued>(m => Finish(m.Origin, $"No ticket for image {m.Request.Image} could be made for cell {m.Request.Cell}: {m.Error.Message}"));
        Receive<Passed>(OnPassed);
        Receive<PassAgain>(m => Pass(m.Origin, m.Mail, m.Key, m.TraceParent));
        Receive<DropHeld>(_ => DropOldHeld());
    }

    private void OnTicketRequest(RequestImageTicket request, Origin origin, string? traceParent)
    {
        if (!_children.IsUnder(request.Cell, origin.Link))
        {
            DispatchTelemetry.ForeignTicket(_parts.Log, _parts.Cell, origin.Link, request.Cell);
            Finish(origin, failure: null);
        }
        else if (_parts.Tickets is { } tickets)
        {
            PipeToSelf(
                tickets.IssueAsync(request, Stopping),
                ticket => new TicketIssued(origin, ticket, traceParent),
                error => new TicketNotIssued(origin, request, error));
        }
        else if (_parts.Parents is [var parent, ..])
        {
            // An image's home is reached through any parent; the first one keeps the order of one request and its repetition.
            Pass(origin, new Mail(parent, request), KeyOf(request.Image, request.Cell), traceParent);
        }
        else
        {
            Pass(origin, new Mail(origin.Link, new ImageTicket(request.Image, request.Cell, "", "",
                $"Cell {_parts.Cell} has no images and no parent to ask for them.") { ToWrite = request.ToWrite }), KeyOf(request.Image, request.Cell), traceParent);
        }
    }

    private void PassDown(object message, CellName cell, string key, Origin origin, string? traceParent)
    {
        _held.Add(new Held(message, cell, key, origin, traceParent, _parts.Time.GetUtcNow()));
        TryHeld();
    }

    /// <summary>Just started, a cell does not know its ways yet: the message waits for the news that name them.</summary>
    private void TryHeld()
    {
        foreach (var held in _held.ToList())
        {
            if (_children.WayTo(held.Cell) is not { } child)
                continue;
            _held.Remove(held);
            Pass(held.Origin, new Mail(child, held.Message), held.Key, held.TraceParent);
        }
        if (_held.Count > 0 && !Timers.IsTimerActive("held"))
            Timers.StartSingleTimer("held", new DropHeld(), _parts.Options.KeepTickets);
    }

    private void DropOldHeld()
    {
        foreach (var old in _held.Where(h => _parts.Time.GetUtcNow() - h.Since >= _parts.Options.KeepTickets).ToList())
        {
            _held.Remove(old);
            DispatchTelemetry.NoWay(_parts.Log, _parts.Cell, old.Cell, old.Key);
            Finish(old.Origin, failure: null);
        }
        TryHeld();
    }

    private void Pass(Origin origin, Mail mail, string key, string? traceParent) => PipeToSelf(
        _parts.Committer.CommitAsync(new Change(new SendWork(mail.Link, key, mail.Message, traceParent))),
        outcome => new Passed(origin, mail, key, traceParent, outcome),
        error => new Passed(origin, mail, key, traceParent, new CommitOutcome.Unavailable(error.Message)));

    private void OnPassed(Passed passed)
    {
        if (passed.Outcome is CommitOutcome.Committed)
            Finish(passed.Origin, failure: null);
        else
            Timers.StartSingleTimer(
                ("pass", passed.Origin.Link, passed.Origin.Number),
                new PassAgain(passed.Origin, passed.Mail, passed.Key, passed.TraceParent),
                _parts.Options.RetryAfter);
    }

    private static string KeyOf(ImageId image, CellName cell) => $"image {image} {cell}";

    /// <summary>The order key of what operators say of a host.</summary>
    internal static string KeyOf(HostId host) => $"host {host}";

    private sealed record Held(object Message, CellName Cell, string Key, Origin Origin, string? TraceParent, DateTimeOffset Since);
    private sealed record TicketIssued(Origin Origin, ImageTicket Ticket, string? TraceParent);
    private sealed record TicketNotIssued(Origin Origin, RequestImageTicket Request, Exception Error);
    private sealed record Passed(Origin Origin, Mail Mail, string Key, string? TraceParent, CommitOutcome Outcome);
    private sealed record PassAgain(Origin Origin, Mail Mail, string Key, string? TraceParent);
    private sealed record DropHeld;
}
