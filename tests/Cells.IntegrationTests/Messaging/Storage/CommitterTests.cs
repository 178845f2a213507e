using System.Diagnostics;
using System.Globalization;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.TestKit;
using Npgsql;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Storage;

public sealed class CommitterTests
{
    private static readonly CellName Up = CellName.Parse("up");
    private static readonly CellName Down = CellName.Parse("down");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestGate _gate = new();
    private readonly ActorSystem _system = new("test", new ThreadPoolDispatcher(), TimeProvider.System);
    private TestDatabase _database = null!;
    private Committer _committer = null!;

    [SetUp]
    public async Task Begin()
    {
        _database = await TestDatabase.CreateAsync(owners: []);
        await _database.ExecuteAsync(TestSchema.Sql);
        _committer = NewCommitter(new CommitterOptions());
    }

    [TearDown]
    public async Task End()
    {
        _gate.Open();
        await _system.Terminate();
        await _committer.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task A_change_is_there_when_its_asker_is_told()
    {
        var outcome = await Commit(new AddItem(1, 10), new AddNote("first"));

        Assert.That(Committed(outcome), Is.Empty);
        Assert.That(await _database.QueryAsync<int>("select value from item where id = 1"), Is.EqualTo(new[] { 10 }));
        Assert.That(await _database.QueryAsync<string>("select text from note"), Is.EqualTo(new[] { "first" }));
    }

    [Test]
    public async Task Changes_that_wait_go_into_one_transaction()
    {
        var outcomes = await TogetherAsync([.. Enumerable.Range(1, 100).Select(id => new Change(new AddItem(id, id)))]);

        Assert.That(outcomes, Has.All.InstanceOf<CommitOutcome.Committed>());
        Assert.That(await Groups(), Is.EqualTo(2), "the one that held the gate, and one for the hundred");
    }

    [Test]
    public async Task Each_replicated_row_has_a_change_number_of_its_own_and_other_writes_take_none()
    {
        await Commit(new AddItem(1, 1), new AddItem(2, 2), new AddItem(3, 3));
        await Commit(new AddNote("takes no number"));

        var outcomes = await TogetherAsync(
            new Change(new MoveItem(1, 1, 11), new AddItem(4, 4)),
            new Change(new AddNote("nor this")),
            new Change(new MoveItem(2, 1, 22)));

        Assert.That(outcomes, Has.All.InstanceOf<CommitOutcome.Committed>());
        Assert.That(await _database.QueryAsync<long>("select change_number from item order by id"), Is.EqualTo(new[] { 5L, 6L, 3L, 4L }));
        Assert.That(await _database.QueryAsync<long>("select last_number from change_counter"), Is.EqualTo(new[] { 6L }));
    }

    [Test]
    public async Task A_missed_guard_fails_its_own_change_whole_and_no_other()
    {
        await Commit(new AddItem(1, 1), new AddItem(2, 2));
        var stale = new MoveItem(1, 7, 70);

        var outcomes = await TogetherAsync(
            new Change(new AddNote("before")),
            new Change(new AddNote("with the stale one"), stale, Message(Up, "k")),
            new Change(new MoveItem(2, 1, 20), Message(Up, "k")));

        Assert.That(((CommitOutcome.Missed)outcomes[1]).Writes, Is.EqualTo(new[] { stale }));
        Assert.That(Committed(outcomes[2]), Is.EqualTo(new[] { 1L }), "the number of the rolled back message was given back");
        Assert.That(await _database.QueryAsync<string>("select text from note where text <> 'opens'"), Is.EqualTo(new[] { "before" }));
        Assert.That(await _database.QueryAsync<int>("select value from item order by id"), Is.EqualTo(new[] { 1, 20 }));
    }

    [Test]
    public async Task Two_guarded_writes_of_one_row_are_committed_in_order_in_two_groups()
    {
        await Commit(new AddItem(1, 1));

        var outcomes = await TogetherAsync(
            new Change(new MoveItem(1, 1, 2)), new Change(new MoveItem(1, 2, 3)), new Change(new MoveItem(1, 2, 4)));

        Assert.That(outcomes[0], Is.InstanceOf<CommitOutcome.Committed>());
        Assert.That(outcomes[1], Is.InstanceOf<CommitOutcome.Committed>());
        Assert.That(outcomes[2], Is.InstanceOf<CommitOutcome.Missed>());
        Assert.That(await _database.QueryAsync<int>("select value from item"), Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public async Task A_message_does_not_overtake_a_waiting_one_of_its_key_and_others_pass()
    {
        await Commit(new AddItem(1, 1));

        var outcomes = await TogetherAsync(
            new Change(new MoveItem(1, 1, 2), Message(Up, "a")),
            new Change(new MoveItem(1, 2, 3), Message(Up, "a")),    // waits for the next group
            new Change(Message(Up, "a")),                           // waits with it
            new Change(Message(Up, "b")));                          // passes both

        Assert.That(outcomes.Select(outcome => Committed(outcome).Single()), Is.EqualTo(new[] { 1L, 3L, 4L, 2L }));
    }

    [Test]
    public async Task A_change_that_guards_one_row_twice_is_a_bug_of_its_asker()
    {
        var error = Assert.Throws<ArgumentException>(() => _committer.Commit(new Change(new MoveItem(1, 1, 2), new MoveItem(1, 2, 3)), _ => { }));

        Assert.That(error!.Message, Does.Contain("(item, 1) twice"));
        Assert.That(await Commit(new AddNote("goes on")), Is.InstanceOf<CommitOutcome.Committed>());
    }

    [Test]
    public async Task Of_claims_on_one_provider_as_many_are_granted_as_fit_in_order()
    {
        await _database.ExecuteAsync("insert into provider (id, capacity) values (1, 10), (2, 10)");
        Claim[] claims = [new(1, 4), new(1, 8), new(1, 4), new(1, 4), new(2, 10), new(1, 2)];

        var outcomes = await TogetherAsync([.. claims.Select(claim => new Change(claim, Message(Up, "claim")))]);

        Assert.That(
            outcomes.Select(outcome => outcome is CommitOutcome.Committed), Is.EqualTo(new[] { true, false, true, false, true, true }));
        Assert.That(((CommitOutcome.Missed)outcomes[1]).Writes, Is.EqualTo(new[] { claims[1] }));
        Assert.That(outcomes.OfType<CommitOutcome.Committed>().SelectMany(outcome => outcome.WorkNumbers), Is.EqualTo(new[] { 1L, 2L, 3L, 4L }));
        Assert.That(await _database.QueryAsync<int>("select promised from provider order by id"), Is.EqualTo(new[] { 10, 10 }));
    }

    [Test]
    public async Task A_claim_on_two_providers_is_whole_or_not_at_all()
    {
        await _database.ExecuteAsync("insert into provider (id, capacity) values (1, 10), (2, 3)");

        var outcomes = await TogetherAsync(
            new Change(new Claim(1, 5), new Claim(2, 2)),
            new Change(new Claim(1, 5), new Claim(2, 2)),
            new Change(new Claim(1, 5), new Claim(2, 1)));

        Assert.That(outcomes.Select(outcome => outcome is CommitOutcome.Committed), Is.EqualTo(new[] { true, false, true }));
        Assert.That(((CommitOutcome.Missed)outcomes[1]).Writes, Is.EqualTo(new[] { new Claim(2, 2) }));
        Assert.That(await _database.QueryAsync<int>("select promised from provider order by id"), Is.EqualTo(new[] { 10, 3 }));
    }

    [Test]
    public async Task A_claim_beside_a_missed_guard_is_not_failed_with_it()
    {
        await _database.ExecuteAsync("insert into provider (id, capacity) values (1, 10)");
        await Commit(new AddItem(1, 1));

        var outcomes = await TogetherAsync(
            new Change(new Claim(1, 8), new MoveItem(1, 9, 9)),    // its guard misses, so its claim does not count
            new Change(new Claim(1, 8)));

        Assert.That(((CommitOutcome.Missed)outcomes[0]).Writes, Is.EqualTo(new[] { new MoveItem(1, 9, 9) }));
        Assert.That(outcomes[1], Is.InstanceOf<CommitOutcome.Committed>());
    }

    [Test]
    public async Task Work_numbers_are_dense_per_link_and_in_the_order_of_the_changes()
    {
        var outcomes = await TogetherAsync(
            new Change(Message(Up, "a"), Message(Down, "a"), Message(Up, "b")),
            new Change(new MoveItem(404, 1, 1), Message(Up, "a"), Message(Down, "a")),
            new Change(Message(Down, "a"), Message(Up, "a")));

        Assert.That(Committed(outcomes[0]), Is.EqualTo(new[] { 1L, 1L, 2L }));
        Assert.That(outcomes[1], Is.InstanceOf<CommitOutcome.Missed>());
        Assert.That(Committed(outcomes[2]), Is.EqualTo(new[] { 2L, 3L }));
        Assert.That(await _database.QueryAsync<long>("select number from outbox where link = 'up' order by number"), Is.EqualTo(new[] { 1L, 2L, 3L }));
        Assert.That(await _database.QueryAsync<long>("select last_work_number from link order by neighbour"), Is.EqualTo(new[] { 2L, 3L }));
    }

    [Test]
    public async Task Subscribers_hear_of_each_group_with_its_messages_and_the_change_counter()
    {
        var heard = new TaskCompletionSource<GroupCommitted>(TaskCreationOptions.RunContinuationsAsynchronously);
        _committer.Subscribe(_system.ActorOf(Props.Create(() => new Listener(heard))));
        var message = Message(Up, "a");

        await Commit(new AddItem(1, 1), message);

        var group = await heard.Task.WaitAsync(Patience);
        Assert.That(group.Works, Is.EqualTo(new[] { new CommittedWork(Up, 1, message) }));
        Assert.That(group.LastChangeNumber, Is.EqualTo(1));
    }

    [Test]
    public async Task A_lost_answer_is_looked_up_and_the_group_is_not_written_twice()
    {
        _gate.Then(TestGate.Fault.AnswerLost);

        var outcome = await Commit(new AddNote("once"), Message(Up, "a"), Message(Up, "b"));

        Assert.That(Committed(outcome), Is.EqualTo(new[] { 1L, 2L }));
        Assert.That(await _database.QueryAsync<string>("select text from note"), Is.EqualTo(new[] { "once" }));
        Assert.That(_gate.Passed, Is.EqualTo(new[] { "commit 1 changes", "look for a group" }));
    }

    [Test]
    public async Task A_group_that_failed_before_its_work_is_looked_for_and_then_written()
    {
        _gate.Then(TestGate.Fault.BeforeTheWork);

        var outcome = await Commit(new AddNote("once"), Message(Up, "a"));

        Assert.That(Committed(outcome), Is.EqualTo(new[] { 1L }));
        Assert.That(await _database.QueryAsync<string>("select text from note"), Is.EqualTo(new[] { "once" }));
        Assert.That(_gate.Passed, Is.EqualTo(new[] { "commit 1 changes", "look for a group", "commit 1 changes" }));
    }

    [Test]
    public async Task A_lookup_whose_answer_is_lost_is_asked_again_until_it_is_known()
    {
        _gate.Then(TestGate.Fault.AnswerLost, TestGate.Fault.BeforeTheWork, TestGate.Fault.AnswerLost);

        var outcome = await Commit(new AddNote("once"));

        Assert.That(outcome, Is.InstanceOf<CommitOutcome.Committed>());
        Assert.That(await _database.QueryAsync<string>("select text from note"), Is.EqualTo(new[] { "once" }));
    }

    [Test]
    public async Task The_lookup_waits_for_a_transaction_that_the_server_is_still_ending()
    {
        // The connection of a group broke after its commit was sent, and the server has not come to it yet.
        await Commit(new AddNote("first"));
        await using var late = new NpgsqlConnection(_database.ConnectionString);
        await late.OpenAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await using var update = new NpgsqlCommand("update commit_group set id = gen_random_uuid() returning id", late, transaction);
        var lateGroup = (Guid)(await update.ExecuteScalarAsync())!;
        var committer = (await _database.QueryAsync<Guid>("select committer from commit_group")).Single();
        await using var connection = new CommitConnection(CellConnections.ForCommits(_database.ConnectionString), committer);

        var lookUp = connection.LastGroupAsync(CancellationToken.None);
        await UntilBlockedAsync();
        await transaction.CommitAsync();

        Assert.That(await lookUp.WaitAsync(Patience), Is.EqualTo(lateGroup));
    }

    [Test]
    public async Task A_change_that_the_database_refuses_ends_alone_with_the_reason()
    {
        await Commit(new AddItem(1, 1));

        var outcomes = await TogetherAsync(
            new Change(new AddItem(2, 2)),
            new Change(new AddItem(1, 1)),      // the key is taken
            new Change(new AddItem(3, -3)),     // the check does not hold
            new Change(new AddItem(4, 4)));

        Assert.That(outcomes.Select(outcome => outcome.GetType().Name), Is.EqualTo(new[] { "Committed", "Unavailable", "Unavailable", "Committed" }));
        Assert.That(((CommitOutcome.Unavailable)outcomes[1]).Reason, Does.Contain("add-item").And.Contains("item_pkey"));
        Assert.That(await _database.QueryAsync<int>("select id from item order by id"), Is.EqualTo(new[] { 1, 2, 4 }));
    }

    [Test]
    public async Task A_message_for_a_link_that_the_cell_does_not_have_is_refused_by_name()
    {
        var outcome = await Commit(new AddNote("never"), Message(CellName.Parse("nowhere"), "a"));

        Assert.That(((CommitOutcome.Unavailable)outcome).Reason, Does.Contain("'nowhere'"));
        Assert.That(await _database.QueryAsync<string>("select text from note"), Is.Empty);
    }

    [Test]
    public async Task A_guard_whose_statement_answers_nothing_is_refused()
    {
        var outcome = await Commit(new MuteGuard(1));

        Assert.That(((CommitOutcome.Unavailable)outcome).Reason, Does.Contain("'mute-guard' returns no rows"));
    }

    [Test]
    public async Task More_changes_than_may_wait_are_refused_at_once_and_the_others_committed()
    {
        await using var small = NewCommitter(new CommitterOptions { MaxWaiting = 10 });
        _gate.Close();

        var asked = Enumerable.Range(1, 15).Select(id => small.CommitAsync(new Change(new AddItem(id, id)))).ToList();
        var refusedAtOnce = asked.Where(task => task.IsCompleted).ToList();
        _gate.Open();
        var outcomes = await Task.WhenAll(asked).WaitAsync(Patience);

        Assert.That(refusedAtOnce, Is.EqualTo(asked[10..]));
        Assert.That(((CommitOutcome.Unavailable)outcomes[14]).Reason, Does.Contain("10 changes wait"));
        Assert.That(outcomes[..10], Has.All.InstanceOf<CommitOutcome.Committed>());
        Assert.That(await small.CommitAsync(new Change(new AddItem(20, 20))).WaitAsync(Patience), Is.InstanceOf<CommitOutcome.Committed>());
    }

    [Test]
    public async Task A_database_that_is_not_there_is_said_so_after_bounded_attempts_and_used_when_it_is_back()
    {
        await using var impatient = NewCommitter(new CommitterOptions { MaxAttempts = 3, FirstRetryDelay = TimeSpan.FromMilliseconds(1) });
        await _database.AllowConnectionsAsync(false);
        var away = await impatient.CommitAsync(new Change(new AddNote("never"))).WaitAsync(Patience);
        await _database.AllowConnectionsAsync(true);

        var back = await impatient.CommitAsync(new Change(new AddNote("back"))).WaitAsync(Patience);

        Assert.That(((CommitOutcome.Unavailable)away).Reason, Does.Contain("could not be written"));
        Assert.That(back, Is.InstanceOf<CommitOutcome.Committed>());
        Assert.That(await _database.QueryAsync<string>("select text from note"), Is.EqualTo(new[] { "back" }));
    }

    [Test]
    public async Task Killed_backends_lose_and_double_nothing()
    {
        var outcomes = new List<Task<CommitOutcome>>();
        for (var round = 0; round < 20; round++)
        {
            outcomes.AddRange(Enumerable.Range(0, 100).Select(i => _committer.CommitAsync(
                new Change(new AddNote($"{round}-{i}"), Message(Up, i.ToString(CultureInfo.InvariantCulture))))));
            await _database.ExecuteAsync("""
                select pg_terminate_backend(pid)
                  from pg_stat_activity
                 where datname = current_database()
                   and application_name = 'cells commit'
                """);
        }

        var ended = await Task.WhenAll(outcomes).WaitAsync(Patience);

        Assert.That(ended, Has.All.InstanceOf<CommitOutcome.Committed>());
        Assert.That(await _database.QueryAsync<long>("select count(*) from note"), Is.EqualTo(new[] { 2_000L }));
        Assert.That(await _database.QueryAsync<long>("select count(distinct text) from note"), Is.EqualTo(new[] { 2_000L }));
        Assert.That(ended.SelectMany(Committed).Order(), Is.EqualTo(Enumerable.Range(1, 2_000).Select(number => (long)number)));
    }

    [Test]
    public async Task What_waits_is_committed_before_the_system_ends()
    {
        _gate.Close();
        var asked = Enumerable.Range(1, 50).Select(id => _committer.CommitAsync(new Change(new AddItem(id, id)))).ToList();
        await _gate.Entered.WaitAsync(Patience);

        var shutdown = _system.CoordinatedShutdown.Run("test");
        _gate.Open();
        await shutdown.WaitAsync(Patience);

        Assert.That(await Task.WhenAll(asked).WaitAsync(Patience), Has.All.InstanceOf<CommitOutcome.Committed>());
        Assert.That(
            await _committer.CommitAsync(new Change(new AddItem(99, 99))).WaitAsync(Patience), Is.InstanceOf<CommitOutcome.Unavailable>());
    }

    [Test]
    public async Task In_a_stepped_world_it_runs_on_the_stepping_thread_alone()
    {
        var time = new ManualTime();
        var stepper = new SteppedDispatcher(time);
        var world = new ActorSystem("stepped", stepper, time);
        await using var committer = new Committer(world, _database.ConnectionString, new InlineGate(), new SeededIds(new Random(1)), new CommitterOptions());
        var outcomes = new List<CommitOutcome>();

        stepper.BindToCurrentThread();
        committer.Commit(new Change(new AddItem(1, 1)), outcomes.Add);
        committer.Commit(new Change(new MoveItem(1, 5, 5)), outcomes.Add);
        stepper.RunUntilIdle();

        Assert.That(outcomes.Select(outcome => outcome.GetType().Name), Is.EqualTo(new[] { "Committed", "Missed" }));
    }

    private Committer NewCommitter(CommitterOptions options)
    {
        // The name 'committer' is the cell's one committer's: a second one stands in a system of its own.
        var system = options == new CommitterOptions() ? _system : new ActorSystem("other", new ThreadPoolDispatcher(), TimeProvider.System);
        return new Committer(system, _database.ConnectionString, _gate, new SystemIds(), options);
    }

    private Task<CommitOutcome> Commit(params IWrite[] writes) => _committer.CommitAsync(new Change(writes)).WaitAsync(Patience);

    /// <summary>Hands all in while a group is held at the gate, so that they wait together.</summary>
    private async Task<CommitOutcome[]> TogetherAsync(params Change[] changes)
    {
        _gate.Close();
        var first = _committer.CommitAsync(new Change(new AddNote("opens")));
        await _gate.Entered.WaitAsync(Patience);
        var asked = changes.Select(_committer.CommitAsync).ToList();
        _gate.Open();
        await first.WaitAsync(Patience);
        return await Task.WhenAll(asked).WaitAsync(Patience);
    }

    private async Task<long> Groups() => (await _database.QueryAsync<long>("select number from commit_group")).Single();

    private async Task UntilBlockedAsync()
    {
        var began = Stopwatch.GetTimestamp();
        while ((await _database.QueryAsync<long>("""
            select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'
            """)).Single() == 0)
            Assert.That(Stopwatch.GetElapsedTime(began), Is.LessThan(Patience), "the look-up does not wait for the row");
    }

    private static IReadOnlyList<long> Committed(CommitOutcome outcome) => outcome is CommitOutcome.Committed committed
        ? committed.WorkNumbers
        : throw new AssertionException($"Expected Committed, was {outcome}.");

    private static SendWork Message(CellName link, string key) =>
        new(link, key, new InstanceDeleted(new InstanceId(Guid.Empty), Epoch: 1, Intent: 1, LastGeneration: 1), TraceParent: null);

    private sealed class Listener : ReceiveActor
    {
        public Listener(TaskCompletionSource<GroupCommitted> heard) => Receive<GroupCommitted>(group => heard.TrySetResult(group));
    }

    private sealed class InlineGate : IDatabaseGate
    {
        public Task<T> RunAsync<T>(DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop) =>
            Task.FromResult(work(stop).GetAwaiter().GetResult());
    }
}
