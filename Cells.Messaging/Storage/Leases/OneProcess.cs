using Cells.Messaging.Actors;

namespace Cells.Messaging.Storage.Leases;

/// <summary>
/// Follows the lease of a cell's process: whether this process may begin with the cell, and whether another one has begun since. A lease that was lost
/// while the database was away, and taken again, was nobody else's meanwhile unless its keeper says so (<see cref="LeaseElsewhere"/>).
/// </summary>
public sealed class OneProcess : ReceiveActor
{
    private readonly List<IActorRef> _followers = [];
    private LeaseTaken? _held;
    private bool _begun;

    /// <param name="taken">Called once, when this process may begin. Only passes on.</param>
    /// <param name="elsewhere">Called when another process has run the cell since: this one must end. Only passes on.</param>
    public OneProcess(Action taken, Action elsewhere)
    {
        Receive<LeaseTaken>(m =>
        {
            _held = m;
            Pass(m);
            if (_begun)
                return;
            _begun = true;
            taken();
        });
        Receive<LeaseLost>(m =>
        {
            _held = null;
            Pass(m);
        });
        Receive<LeaseElsewhere>(_ => elsewhere());
        Receive<Follow>(m =>
        {
            _followers.Add(m.Follower);
            if (_held is { } held)
                m.Follower.Tell(held, Self);
        });
    }

    private void Pass(object message)
    {
        foreach (var follower in _followers)
            follower.Tell(message, Self);
    }

    /// <summary>The follower is told <see cref="LeaseTaken"/> and <see cref="LeaseLost"/>, first how it stands.</summary>
    public sealed record Follow(IActorRef Follower);

    /// <summary>A cell's name has no ':', so no other lease is called so.</summary>
    public static string LeaseOf(Contracts.CellName cell) => $"process:{cell}";
}

/// <summary>The right to be the one process that runs a cell: a start waits for it, standing by.</summary>
/// <param name="Directory">Id of the data directory that this process has locked: the right of its former process is taken at once.</param>
/// <param name="SayAfter">How long it may take before <paramref name="Waits"/> is called, once.</param>
/// <param name="Elsewhere">Called when another process has run the cell since it was had: this one must end. Only passes on.</param>
public sealed record ProcessLease(Guid Directory, TimeSpan SayAfter, Action Waits, Action Elsewhere);
