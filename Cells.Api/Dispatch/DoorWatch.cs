using Cells.Contracts;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Dapper;

namespace Cells.Api.Dispatch;

/// <summary>
/// Where several processes have a door of one cell: the one that leads looks four times a second what the others have committed. Mail that is new in
/// the outbox is sent, builds that wait for a child are tried. Nothing is lost by a look that fails: the next one sees the same.
/// </summary>
internal sealed class DoorWatch : ReceiveActor
{
    private static readonly TimeSpan LookEach = TimeSpan.FromSeconds(0.25);

    private readonly CellGround _ground;
    private readonly IActorRef _dispatch;
    private readonly DispatchStore _store;
    private bool _looking;

    public DoorWatch(CellGround ground, IActorRef dispatch, Microsoft.Extensions.Logging.ILogger log)
    {
        (_ground, _dispatch, _store) = (ground, dispatch, new DispatchStore(ground.Database));
        Receive<LookDue>(_ => Look());
        Receive<Looked>(m =>
        {
            _looking = false;
            _ground.TellCommittedElsewhere(new GroupCommitted([], m.ChangeNumber) { Elsewhere = m.Given });
            if (m.Waiting.Count > 0)
                _dispatch.Tell(new DispatchActor.WaitingElsewhere(m.Waiting), Self);
        });
        Receive<LookFailed>(m =>
        {
            _looking = false;
            DispatchTelemetry.ReadDelayed(log, ground.Options.Name, "what other doors have committed", m.Error.Message, LookEach);
        });
    }

    protected override void PreStart() => Timers.StartPeriodicTimer("look", LookDue.Instance, LookEach);

    private void Look()
    {
        if (_looking)
            return;
        _looking = true;
        PipeToSelf(LookAsync(Stopping), looked => looked, error => new LookFailed(error));
    }

    private async Task<Looked> LookAsync(CancellationToken stop)
    {
        var waiting = await _store.ReadWaitingAsync(stop);
        var (given, change) = await _ground.Database.ReadAsync(
            "what stands in the outbox",
            async (connection, inner) => (
                (await connection.QueryAsync<(string Link, long UpTo)>(new CommandDefinition(
                    """
                    select neighbour, last_work_number
                      from link
                     order by neighbour
                    """,
                    cancellationToken: inner))).Select(l => (CellName.Parse(l.Link), l.UpTo)).ToList(),
                await connection.ExecuteScalarAsync<long>(new CommandDefinition("select last_number from change_counter", cancellationToken: inner))),
            stop);
        return new Looked(given, change, waiting);
    }

    private sealed record Looked(IReadOnlyList<(CellName Link, long UpTo)> Given, long ChangeNumber, IReadOnlyList<InstanceId> Waiting);

    private sealed record LookFailed(Exception Error);

    private sealed record LookDue
    {
        public static readonly LookDue Instance = new();
    }
}
