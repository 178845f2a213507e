using Cells.Messaging.Actors;

namespace Cells.Messaging.Storage.Leases;

/// <summary>
/// Follows the lease of a cell's process: whether this process may begin with the cell, and whether another one has begun since. A lease that was lost
/// while the database was away, and taken again with the next epoch, was nobody else's meanwhile.
/// </summary>
public sealed class OneProcess : ReceiveActor
{
    private long _epoch;

    /// <param name="taken">Called once, when this process may begin. Only passes on.</param>
    /// <param name="elsewhere">Called when another process has run the cell since: this one must end. Only passes on.</param>
    public OneProcess(Action taken, Action elsewhere)
    {
        Receive<LeaseTaken>(m =>
        {
            if (_epoch == 0)
                taken();
            else if (m.Epoch != _epoch + 1)
                elsewhere();
            _epoch = m.Epoch;
        });
        Receive<LeaseLost>(_ => { });
        Receive<LeaseElsewhere>(_ => elsewhere());
    }

    /// <summary>A cell's name has no ':', so no other lease is called so.</summary>
    public static string LeaseOf(Contracts.CellName cell) => $"process:{cell}";
}

/// <summary>The right to be the one process that runs a cell: a start waits for it, standing by.</summary>
/// <param name="Directory">Id of the data directory that this process has locked: the right of its former process is taken at once.</param>
/// <param name="SayAfter">How long it may take before <paramref name="Waits"/> is called, once.</param>
/// <param name="Elsewhere">Called when another process has run the cell since it was had: this one must end. Only passes on.</param>
public sealed record ProcessLease(Guid Directory, TimeSpan SayAfter, Action Waits, Action Elsewhere);
