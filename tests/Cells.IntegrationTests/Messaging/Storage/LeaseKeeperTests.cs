using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.Leases;
using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Storage;

/// <summary>Two processes, one lease, one real database, manual time.</summary>
public sealed class LeaseKeeperTests
{
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(4);

    private readonly ManualTime _time = new();
    private readonly SeededIds _ids = new(new Random(1));
    private readonly List<Node> _nodes = [];
    private SteppedDispatcher _stepper = null!;
    private TestDatabase _database = null!;

    [SetUp]
    public async Task Begin()
    {
        _stepper = new SteppedDispatcher(_time);
        _database = await TestDatabase.CreateAsync(owners: []);
    }

    [TearDown]
    public async Task End()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public void A_lease_that_nobody_had_is_taken_at_once_and_renewed_for_as_long_as_wanted()
    {
        var only = Start();

        _stepper.RunFor(TimeSpan.FromMinutes(1));

        Assert.That(only.Heard, Is.EqualTo(new[] { "taken 1" }));
        Assert.That(only.Grant!.IsGood);
        Assert.That(Row().Counter, Is.InRange(119, 121), "one renewal each half second");
    }

    [Test]
    public void A_taker_waits_until_it_has_itself_seen_the_counter_stand_still_for_the_term()
    {
        var holder = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(10));
        var taker = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(10));
        Assert.That(taker.Heard, Is.Empty, "while the holder renews");

        holder.System.Crash();
        _stepper.RunFor(Term - TimeSpan.FromSeconds(0.5));
        var before = taker.Heard.ToArray();
        _stepper.RunFor(TimeSpan.FromSeconds(1.5));

        Assert.That(before, Is.Empty);
        Assert.That(taker.Heard, Is.EqualTo(new[] { "taken 2" }));
    }

    [Test]
    public void A_taker_that_comes_late_waits_the_whole_term_too()
    {
        var holder = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(1));
        holder.System.Crash();
        _time.Advance(TimeSpan.FromHours(1));

        var taker = Start();
        _stepper.RunFor(Term - TimeSpan.FromSeconds(0.1));
        var before = taker.Heard.ToArray();
        _stepper.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(before, Is.Empty, "an hour that it did not see itself does not count");
        Assert.That(taker.Heard, Is.EqualTo(new[] { "taken 2" }));
    }

    [Test]
    public void A_holder_that_cannot_renew_stops_at_half_the_term_before_anybody_may_take()
    {
        var holder = Start();
        var taker = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(10));

        holder.Gate.IsBroken = true;
        var broken = _time.Elapsed;
        _stepper.RunFor(TimeSpan.FromSeconds(10));

        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1", "lost 1" }));
        Assert.That(holder.Grant!.IsGood, Is.False);
        Assert.That(holder.LastHeardAt - broken, Is.LessThanOrEqualTo(Term / 2));
        Assert.That(taker.Heard, Is.EqualTo(new[] { "taken 2" }));
        Assert.That(taker.LastHeardAt - holder.LastHeardAt, Is.GreaterThanOrEqualTo((Term / 2) - TimeSpan.FromSeconds(0.5)));
    }

    [Test]
    public void An_outage_of_the_database_is_told_once_and_the_next_one_again()
    {
        Start();
        _stepper.RunFor(TimeSpan.FromSeconds(10));
        var standby = Start();                                            // only reads
        foreach (var outage in new[] { 1, 2 })
        {
            standby.Gate.IsBroken = true;
            _stepper.RunFor(TimeSpan.FromSeconds(10));
            standby.Gate.IsBroken = false;
            _stepper.RunFor(TimeSpan.FromSeconds(10));

            Assert.That(
                standby.Told.All.Count(line => line.StartsWith("Lease placer could not be read", StringComparison.Ordinal)), Is.EqualTo(outage), string.Join('\n', standby.Told.All));
        }
    }

    [Test]
    public void After_an_outage_of_the_database_the_one_that_held_the_lease_has_it_again()
    {
        var holder = Start();
        var standby = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(10));

        holder.Gate.IsBroken = true;
        _stepper.RunFor(TimeSpan.FromSeconds(1));                         // so that the last thing it reads is the holder's last renewal
        standby.Gate.IsBroken = true;
        _stepper.RunFor(TimeSpan.FromSeconds(20));
        standby.Gate.IsBroken = false;                                    // it sees the database first
        _stepper.RunFor(TimeSpan.FromSeconds(1));
        holder.Gate.IsBroken = false;
        _stepper.RunFor(TimeSpan.FromSeconds(20));

        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1", "lost 1", "taken 2" }));
        Assert.That(standby.Heard, Is.Empty);
    }

    [Test]
    public void A_holder_that_was_stopped_for_a_while_knows_before_its_timers_ring()
    {
        var holder = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(10));

        _time.Advance(Term / 2);

        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1" }), "no message was handled yet");
        Assert.That(holder.Grant!.IsGood, Is.False);
    }

    [Test]
    public void A_holder_that_comes_back_gets_a_higher_epoch_and_never_its_old_one()
    {
        var holder = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(2));
        holder.Gate.IsBroken = true;
        _stepper.RunFor(TimeSpan.FromSeconds(10));

        holder.Gate.IsBroken = false;
        _stepper.RunFor(TimeSpan.FromSeconds(10));

        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1", "lost 1", "taken 2" }));
        Assert.That(holder.Grant!.IsGood);
    }

    [Test]
    public async Task A_holder_whose_lease_was_taken_is_told_with_its_next_renewal()
    {
        var holder = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(2));

        await _database.ExecuteAsync("update lease set holder = gen_random_uuid(), epoch = epoch + 1, counter = counter + 1");
        _stepper.BindToCurrentThread();
        _stepper.RunFor(TimeSpan.FromSeconds(0.5));

        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1", "lost 1" }));
    }

    [Test]
    public async Task A_former_holder_is_told_once_that_another_process_has_the_lease()
    {
        var holder = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(2));

        await _database.ExecuteAsync("update lease set holder = gen_random_uuid(), epoch = epoch + 1, counter = counter + 1");
        _stepper.BindToCurrentThread();
        _stepper.RunFor(TimeSpan.FromSeconds(3));

        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1", "lost 1", "elsewhere 2" }));
    }

    [Test]
    public void Takes_of_ours_whose_answers_came_too_late_are_nobody_elses()
    {
        var holder = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(2));

        holder.Gate.IsBroken = true;
        _stepper.RunFor(Term);
        (holder.Gate.IsBroken, holder.Gate.Slow) = (false, 6);
        _stepper.RunFor(TimeSpan.FromSeconds(30));

        Assert.That(Row().Epoch, Is.GreaterThan(2), "epochs in between were taken, and not acted on");
        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1", "lost 1", $"taken {Row().Epoch}" }));
        Assert.That(holder.Grant!.IsGood);
    }

    [Test]
    public async Task A_former_holder_hears_of_one_that_had_the_lease_and_gave_it_back()
    {
        var holder = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(2));

        await _database.ExecuteAsync("update lease set holder = null, epoch = epoch + 1, counter = counter + 2");
        _stepper.BindToCurrentThread();
        _stepper.RunFor(TimeSpan.FromSeconds(3));

        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1", "lost 1", "elsewhere 2", "taken 3" }));
    }

    [Test]
    public void One_process_begins_once_and_ends_only_for_another()
    {
        var told = new List<string>();
        var system = new ActorSystem("follower", _stepper, _time);
        _stepper.BindToCurrentThread();
        var follower = system.ActorOf(Props.Create(() => new OneProcess(() => told.Add("begin"), () => told.Add("end"))));

        foreach (var (epoch, lost) in new[] { (1, true), (4, true), (5, false) })
        {
            follower.Tell(new LeaseTaken("process:east", epoch, new LeaseGrant(_time, Term / 2, _time.GetTimestamp())), null);
            if (lost)
                follower.Tell(new LeaseLost("process:east", epoch), null);
        }
        _stepper.RunUntilIdle();
        var before = told.ToArray();
        follower.Tell(new LeaseElsewhere("process:east", 6), null);
        _stepper.RunUntilIdle();

        Assert.That(before, Is.EqualTo(new[] { "begin" }));
        Assert.That(told, Is.EqualTo(new[] { "begin", "end" }));
    }

    [Test]
    public void The_next_process_of_the_same_directory_takes_at_once_and_one_of_another_waits()
    {
        var directory = _ids.NewGuid();
        var former = Start(directory);
        _stepper.RunFor(TimeSpan.FromSeconds(2));
        former.System.Crash();

        var stranger = Start(_ids.NewGuid());
        _stepper.RunUntilIdle();
        var next = Start(directory);
        _stepper.RunUntilIdle();

        Assert.That(stranger.Heard, Is.Empty);
        Assert.That(next.Heard, Is.EqualTo(new[] { "taken 2" }));
    }

    [Test]
    public void A_lease_given_back_is_free_for_the_next_at_once()
    {
        var holder = Start();
        var next = Start();
        _stepper.RunFor(TimeSpan.FromSeconds(2));

        var given = holder.Keeper.Ask<LeaseGivenBack>(new GiveLeaseBack("placer"), TimeSpan.FromSeconds(5), CancellationToken.None);
        _stepper.RunFor(TimeSpan.FromSeconds(0.5));

        Assert.That(given.IsCompletedSuccessfully);
        Assert.That(holder.Heard, Is.EqualTo(new[] { "taken 1", "lost 1" }));
        Assert.That(next.Heard, Is.EqualTo(new[] { "taken 2" }));
    }

    [Test]
    public void Of_two_that_may_take_one_does()
    {
        var nodes = new[] { Start(), Start(), Start() };

        _stepper.RunFor(TimeSpan.FromSeconds(20));

        Assert.That(nodes.SelectMany(node => node.Heard), Is.EqualTo(new[] { "taken 1" }));
    }

    private LeaseRow Row()
    {
        using var connection = new Npgsql.NpgsqlConnection(_database.ConnectionString);
        connection.Open();
        return LeaseRow.ReadAsync(connection, "placer", CancellationToken.None).GetAwaiter().GetResult();
    }

    private Node Start(Guid? directory = null)
    {
        _stepper.BindToCurrentThread();   // what was awaited before may have changed it
        var node = new Node($"node-{_nodes.Count}", _stepper, _time, _ids, _database.ConnectionString, directory);
        _nodes.Add(node);
        return node;
    }

    private sealed class Node : IAsyncDisposable
    {
        private readonly Committer _committer;
        private readonly CellDatabase _reads;

        public ToldEvents Told { get; } = new();

        public Node(string name, SteppedDispatcher stepper, ManualTime time, SeededIds ids, string connectionString, Guid? directory)
        {
            System = new ActorSystem(name, stepper, time, Told);
            Gate = new BreakableGate(time);
            _committer = new Committer(System, connectionString, Gate, ids, new CommitterOptions());
            _reads = new CellDatabase(connectionString, Gate);
            var listener = System.ActorOf(Props.Create(() => new Listener(this, time)));
            var options = new LeaseOptions("placer", ids.NewGuid(), directory) { Term = Term };
            Keeper = System.ActorOf(Props.Create(() => new LeaseKeeper(options, _committer, _reads, listener)));
        }

        public ActorSystem System { get; }
        public IActorRef Keeper { get; }
        public BreakableGate Gate { get; }
        public List<string> Heard { get; } = [];
        public TimeSpan LastHeardAt { get; private set; }
        public LeaseGrant? Grant { get; private set; }

        public async ValueTask DisposeAsync()
        {
            System.Crash();
            await _committer.DisposeAsync();
            await _reads.DisposeAsync();
        }

        private sealed class Listener : ReceiveActor
        {
            public Listener(Node node, ManualTime time)
            {
                Receive<LeaseTaken>(taken =>
                {
                    (node.Grant, node.LastHeardAt) = (taken.Grant, time.Elapsed);
                    node.Heard.Add($"taken {taken.Epoch}");
                });
                Receive<LeaseElsewhere>(other => node.Heard.Add($"elsewhere {other.Epoch}"));
                Receive<LeaseLost>(lost =>
                {
                    node.LastHeardAt = time.Elapsed;
                    node.Heard.Add($"lost {lost.Epoch}");
                });
            }
        }
    }

    /// <summary>Runs each use to its end on the stepping thread, or fails it before its work.</summary>
    private sealed class BreakableGate(ManualTime time) : IDatabaseGate
    {
        public bool IsBroken { get; set; }

        /// <summary>So many commits take as long as a lease is good.</summary>
        public int Slow { get; set; }

        public Task<T> RunAsync<T>(DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop)
        {
            if (IsBroken)
                return Task.FromException<T>(new IOException("test: cut off"));
            var done = work(stop).GetAwaiter().GetResult();
            if (use == DatabaseUse.Commit && Slow-- > 0)
                time.Advance(Term / 2);
            return Task.FromResult(done);
        }
    }
}
