using Cells.Compute;
using Cells.Compute.Images;
using Cells.Compute.Nodes;
using Cells.Compute.Pools;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>What keeps two processes of a compute cell from acting on one pool: guards in the database, whatever either believes.</summary>
public sealed class NodeWritesTests
{
    private const string Name = "http://h1:80";
    private static readonly PoolId Pool = new(Guid.NewGuid());
    private static readonly NodeName One = NodeName.Parse("one"), Two = NodeName.Parse("two");

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
        await _database.ExecuteAsync("""
            insert into lease (name, holder, directory, epoch, counter)
            values ('process:east-1', gen_random_uuid(), null, 5, 50)
            """);
        await CommitsAsync(new RegisterPool(Pool, Name));
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
    public async Task A_pool_is_given_by_the_leader_of_now_and_from_the_plan_that_was_read()
    {
        await MissesAsync(Give(One, seen: 0, epoch: 4));                 // led before
        await CommitsAsync(Give(One, seen: 0));
        await MissesAsync(Give(Two, seen: 0));                           // somebody was quicker
        await CommitsAsync(Give(Two, seen: 1));

        var board = await NodeBoard.ReadAsync(_reads, CellName.Parse("east-1"), CancellationToken.None);
        Assert.That(board.Plan[Name], Is.EqualTo(new Given(Two, 2)));
        Assert.That(board.Leader, Is.Null, "no node has the leader's process");
    }

    [Test]
    public async Task A_pool_is_taken_only_by_the_node_that_it_is_given_to()
    {
        await MissesAsync(new TakePool(Pool, Guid.NewGuid(), 0, One));   // given to nobody
        await CommitsAsync(Give(One, seen: 0));
        await MissesAsync(new TakePool(Pool, Guid.NewGuid(), 0, Two));
        await CommitsAsync(new TakePool(Pool, Guid.NewGuid(), 0, One));
        await CommitsAsync(Give(Two, seen: 1));
        await MissesAsync(new TakePool(Pool, Guid.NewGuid(), 1, One));   // it does not know yet
        await CommitsAsync(new TakePool(Pool, Guid.NewGuid(), 1, Two));
        await CommitsAsync(new TakePool(Pool, Guid.NewGuid(), 2));       // where one process has all pools nothing is planned
    }

    [Test]
    public async Task A_former_owner_records_no_session_and_puts_no_image()
    {
        await CommitsAsync(Give(One, seen: 0));
        await CommitsAsync(new TakePool(Pool, Guid.NewGuid(), 0, One));
        var former = new PoolOwner(Pool, 1);
        await CommitsAsync(Put(former), new RecordSession(Guid.NewGuid(), former, [1]));

        await CommitsAsync(Give(Two, seen: 1));
        await CommitsAsync(new TakePool(Pool, Guid.NewGuid(), 1, Two));

        await MissesAsync(new RecordSession(Guid.NewGuid(), former, [2]));
        await MissesAsync(Put(former));
        await CommitsAsync(Put(new PoolOwner(Pool, 2)));
    }

    private static GivePool Give(NodeName node, long seen, long epoch = 5) => new(Name, node, seen, "process:east-1", epoch);

    private static PutCachedImage Put(PoolOwner owner) => new(
        new CachedImage(new ImageId(Guid.NewGuid()), new SrId(Guid.NewGuid()), Pool, null, CachedImageState.Fetching, new string('0', 64)), owner, DateTimeOffset.UnixEpoch);

    private async Task CommitsAsync(params IWrite[] writes) =>
        Assert.That(await _committer.CommitAsync(new Change(writes)), Is.InstanceOf<CommitOutcome.Committed>());

    private async Task MissesAsync(IWrite write) => Assert.That(await _committer.CommitAsync(new Change(write)), Is.InstanceOf<CommitOutcome.Missed>());
}
