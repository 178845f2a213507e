using Cells.Compute;
using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>What the statements about instance rows leave in the database.</summary>
public sealed class InstanceWritesTests
{
    private readonly ActorSystem _system = new("test", new ThreadPoolDispatcher(), TimeProvider.System);
    private TestDatabase _database = null!;
    private CellDatabase _reads = null!;
    private Committer _committer = null!;

    [SetUp]
    public async Task Begin()
    {
        _database = await TestDatabase.CreateAsync(ComputeCell.Sql);
        _reads = new CellDatabase(_database.ConnectionString, OpenGate.Instance);
        _committer = new Committer(_system, _database.ConnectionString, OpenGate.Instance, new SystemIds(), new CommitterOptions());
    }

    [TearDown]
    public async Task End()
    {
        await _system.Terminate();
        await _committer.DisposeAsync();
        await _reads.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task A_move_that_leaves_the_story_as_it_is_keeps_it_and_one_that_tells_more_writes_it()
    {
        var placed = FirstRow() with { Story = new Story([], [], [Refused("first")]) };
        await CommitAsync(new InsertInstance(placed));

        var moved = placed.Changed(placed.UpdatedAt) with { TaskState = TaskState.Spawning };
        await CommitAsync(new MoveInstance(placed, moved, null));
        Assert.That((await ReadAsync()).Story.Refusals.Select(r => r.Reason), Is.EqualTo(new[] { "first" }));

        var told = moved.Changed(moved.UpdatedAt) with { Story = moved.Story with { Refusals = [.. moved.Story.Refusals, Refused("second")] } };
        await CommitAsync(new MoveInstance(moved, told, null));
        Assert.That((await ReadAsync()).Story.Refusals.Select(r => r.Reason), Is.EqualTo(new[] { "first", "second" }));
        Assert.That((await ReadAsync()).Generation, Is.EqualTo(placed.Generation + 2));
    }

    private async Task CommitAsync(IWrite write) =>
        Assert.That(await _committer.CommitAsync(new Change(write)), Is.InstanceOf<CommitOutcome.Committed>());

    private async Task<Instance> ReadAsync() => (await ReadInstances.AllAsync(_reads, CancellationToken.None)).Single();

    private static Refusal Refused(string reason) => new(CellName.Parse("east-1"), "build_failed", reason, null);

    private static Instance FirstRow() => new(
        new InstanceId(Guid.Parse("11111111-1111-1111-1111-111111111111")), new ProjectId(Guid.Empty), "web", CellName.Parse("east"), null, 1, 1, null, null,
        VmState.Building, TaskState.Scheduling, PowerState.NoState, 1, 0, 0, false, new Work(WorkflowKind.Build, 0, false, null), 1, Story.Empty, null, null, null,
        new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
}
