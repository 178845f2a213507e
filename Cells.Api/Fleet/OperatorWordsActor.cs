using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Fleet;

/// <summary>
/// Says again what a host's cell does not follow yet: a message may have met a cell that no way was known to, or a database that has lost its last days.
/// The rows say what is owed; nothing of it lives here.
/// </summary>
internal sealed class OperatorWordsActor : ReceiveActor
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(30);

    private readonly CellName _cell;
    private readonly FleetStore _store;
    private readonly ICommitter _committer;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    public OperatorWordsActor(CellName cell, FleetStore store, ICommitter committer, TimeProvider time, ILogger log)
    {
        (_cell, _store, _committer, _time, _log) = (cell, store, committer, time, log);
        Receive<Look>(_ => OnLook());
        Receive<Owed>(OnOwed);
        Receive<Ended>(OnEnded);
    }

    protected override void PreStart() => Timers.StartSingleTimer("look", Look.Instance, Every);

    private void OnLook() => PipeToSelf(
        _store.UntoldAsync(_time.GetUtcNow() - Patience, Stopping),
        hosts => new Owed(hosts, null),
        error => new Owed([], error));

    private void OnOwed(Owed owed)
    {
        if (owed.Error is { } error)
            DispatchTelemetry.ReadDelayed(_log, _cell, "what hosts' cells were not told", error.Message, Every);
        if (owed.Hosts.Count == 0)
        {
            Timers.StartSingleTimer("look", Look.Instance, Every);
            return;
        }
        var now = _time.GetUtcNow();
        PipeToSelf(
            _committer.CommitAsync(new Change(
                [.. owed.Hosts.Select(host => new ToldAgain(host.Row.Host, now)), .. owed.Hosts.Select(host => OperatorWords.Message(host, traceParent: null))])),
            outcome => new Ended(outcome),
            error => new Ended(new CommitOutcome.Unavailable(error.Message)));
    }

    private void OnEnded(Ended ended)
    {
        if (ended.Outcome is CommitOutcome.Unavailable away)
            DispatchTelemetry.ReadDelayed(_log, _cell, "what hosts' cells are told again", away.Reason, Every);
        Timers.StartSingleTimer("look", Look.Instance, Every);
    }

    private sealed record Look
    {
        public static readonly Look Instance = new();
    }

    private sealed record Owed(IReadOnlyList<FleetHost> Hosts, Exception? Error);

    private sealed record Ended(CommitOutcome Outcome);
}
