using Cells.Compute;
using Cells.Compute.Fencing;
using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Compute.Pools;
using Cells.Compute.Showing;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Scheduler;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Cells.UnitTests.Compute;

/// <summary>A placer in stepped time, with a committer that does what a test says and a database that holds what it holds.</summary>
internal static class PlacerForTests
{
    public static (ActorSystem System, IActorRef Placer) Start(SteppedDispatcher world, ScriptedCommitter committer, Fleet? was = null)
    {
        var system = new ActorSystem("east-1", world, world.Time);
        var setup = new PlacerSetup(
            Rows.Cell, [], committer, new LoadedDatabase(was ?? new Fleet()), new NoLinks(), world.Time,
            new ComputeOptions { Hosts = [], Sessions = new SessionVault(new byte[32], new SeededIds(new Random(1))) }, HostPolicy.Pack, ComputeHooks.None, NullLogger.Instance);
        var placer = system.ActorOf(ComputeCell.PlacerProps(setup), "placer");
        world.RunUntilIdle();
        return (system, placer);
    }

    /// <summary>What the database says whenever it is read.</summary>
    public sealed class Fleet
    {
        public IReadOnlyList<Instance> Instances { get; init; } = [];
        public IReadOnlyList<FenceProof> Proofs { get; set; } = [];
        public IReadOnlyList<ShownRow> Shown { get; init; } = [];
    }

    /// <summary>Every change ends at once, in the way that the test says.</summary>
    public sealed class ScriptedCommitter : ICommitter
    {
        public CommitOutcome Outcome { get; set; } = new CommitOutcome.Committed([]);

        /// <summary>Ends a change in a way of its own; null: as <see cref="Outcome"/> says.</summary>
        public Func<Change, CommitOutcome?> Judge { get; set; } = _ => null;

        public List<IWrite> Written { get; } = [];

        public void Commit(Change change, Action<CommitOutcome> told)
        {
            var outcome = Judge(change) ?? Outcome;
            if (outcome is CommitOutcome.Committed)
                Written.AddRange(change.Writes);
            told(outcome);
        }

        public Task<CommitOutcome> CommitAsync(Change change)
        {
            var outcome = new TaskCompletionSource<CommitOutcome>();
            Commit(change, outcome.SetResult);
            return outcome.Task;
        }
    }

    private sealed class LoadedDatabase(Fleet was) : ICellDatabase
    {
        public Task<T> ReadAsync<T>(string what, Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken stop) =>
            Task.FromResult((T)(object)(typeof(T) == typeof(InventoryRows) ? new InventoryRows([], [], [])
                : typeof(T) == typeof(IReadOnlyList<Instance>) ? was.Instances
                : typeof(T) == typeof(IReadOnlyList<FenceProof>) ? was.Proofs : was.Shown));
    }

    private sealed class NoLinks : ILinks
    {
        public IReadOnlyList<LinkStatus> Status => [];

        public IParkedMessages Parked => throw new NotSupportedException("This cell has no neighbours.");

        public void Attach(IActorRef router, IStateSource? source) => throw new NotSupportedException("This cell has no neighbours.");

        public bool IsFull(CellName link) => false;

        public void Send(SendNews news) => throw new NotSupportedException("This cell has no neighbours.");
    }
}
