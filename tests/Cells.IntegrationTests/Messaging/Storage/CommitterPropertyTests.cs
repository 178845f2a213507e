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

/// <summary>
/// Random changes with guards and claims, handed in by many at once, with answers lost and backends killed, against a model that does one
/// change after the other. Each change carries one message to the same link: its dense number is the order in which the changes took effect.
/// </summary>
public sealed class CommitterPropertyTests
{
    private const int Items = 12;
    private const int Providers = 3;
    private const int Capacity = 120;
    private static readonly CellName Link = CellName.Parse("up");

    [Test]
    public async Task Whatever_is_handed_in_and_breaks_the_outcome_is_that_of_one_change_after_the_other([Values(1, 2, 3, 4, 5, 6)] int seed)
    {
        var random = new Random(seed);
        await using var database = await PreparedAsync();
        var faults = new Random(seed + 1_000);
        var gate = new TestGate { Next = () => faults.Next(8) switch { 0 => TestGate.Fault.BeforeTheWork, 1 => TestGate.Fault.AnswerLost, _ => TestGate.Fault.None } };
        var system = new ActorSystem($"seed-{seed}", new ThreadPoolDispatcher(), TimeProvider.System);
        var options = new CommitterOptions { MaxGroup = 20, FirstRetryDelay = TimeSpan.FromMilliseconds(1), MaxAttempts = 100 };
        await using var committer = new Committer(system, database.ConnectionString, gate, new SeededIds(new Random(seed)), options);

        var asked = new List<(Change Change, CommitOutcome Outcome)>();
        var model = new Model();
        for (var round = 0; round < 12; round++)
        {
            // Some of a round guess the generation that an earlier one of the round will have made, some are stale.
            var changes = Enumerable.Range(0, random.Next(1, 40)).Select(_ => RandomChange(random, model)).ToList();
            var tasks = changes.ConvertAll(committer.CommitAsync);
            if (random.Next(3) == 0)
                await KillBackendAsync(database);
            var outcomes = await Task.WhenAll(tasks).WaitAsync(TimeSpan.FromSeconds(60));
            asked.AddRange(changes.Zip(outcomes));
            model = Replay(asked, seed);
        }
        await system.Terminate();

        var committed = asked.Count(change => change.Outcome is CommitOutcome.Committed);
        TestContext.Out.WriteLine($"seed {seed}: {asked.Count} changes, {committed} committed, {asked.Count - committed} missed");
        Assert.That(committed, Is.InRange(1, asked.Count - 1), $"seed {seed}: both outcomes must occur for this test to say something");
        Assert.That(
            await database.QueryAsync<string>("select id || ':' || value || ':' || generation from item order by id"),
            Is.EqualTo(model.Items.Select((item, id) => $"{id}:{item.Value}:{item.Generation}")), $"seed {seed}");
        Assert.That(
            await database.QueryAsync<int>("select promised from provider order by id"), Is.EqualTo(model.Promised), $"seed {seed}");
        Assert.That(
            await database.QueryAsync<string>("select order_key from outbox order by number"),
            Is.EqualTo(InOrder(asked).Select(change => Work(change).OrderKey)), $"seed {seed}");
        Assert.That(
            (await database.QueryAsync<long>("select count(distinct change_number) from item")).Single(), Is.EqualTo(Items),
            $"seed {seed}: every row has a change number of its own");
        AssertMissesAreExact(asked, model, seed);
    }

    /// <summary>Does the committed changes in the order of their work numbers; each guard must hold at its turn.</summary>
    private static Model Replay(List<(Change Change, CommitOutcome Outcome)> asked, int seed)
    {
        Assert.That(asked.Select(change => change.Outcome), Has.None.InstanceOf<CommitOutcome.Unavailable>(), $"seed {seed}");
        var numbers = asked.Select(change => change.Outcome).OfType<CommitOutcome.Committed>().Select(outcome => outcome.WorkNumbers.Single()).Order();
        Assert.That(numbers, Is.EqualTo(Enumerable.Range(1, numbers.Count()).Select(number => (long)number)), $"seed {seed}: work numbers are dense");
        var model = new Model();
        foreach (var change in InOrder(asked))
        {
            foreach (var write in change.Writes)
                Assert.That(model.Holds(write), $"seed {seed}: {write} was committed although its guard did not hold");
            foreach (var write in change.Writes)
                model.Do(write);
        }
        return model;
    }

    /// <summary>
    /// A guard is judged after every earlier change of its row and before every later one, so it can be judged again here. Claims are only
    /// raised, so what did not fit once does not fit at the end.
    /// </summary>
    private static void AssertMissesAreExact(List<(Change Change, CommitOutcome Outcome)> asked, Model end, int seed)
    {
        var model = new Model();
        foreach (var (change, outcome) in asked)
        {
            var moves = change.Writes.OfType<MoveItem>().ToList();
            if (outcome is CommitOutcome.Missed missed)
            {
                foreach (var write in missed.Writes)
                    Assert.That(write is Claim ? end.Holds(write) : model.Holds(write), Is.False, $"seed {seed}: {write} missed although it would have held");
            }
            else
            {
                moves.ForEach(model.Do);
            }
        }
    }

    private static IEnumerable<Change> InOrder(List<(Change Change, CommitOutcome Outcome)> asked) => asked
        .Where(change => change.Outcome is CommitOutcome.Committed)
        .OrderBy(change => ((CommitOutcome.Committed)change.Outcome).WorkNumbers.Single())
        .Select(change => change.Change);

    private static Change RandomChange(Random random, Model model)
    {
        var writes = new List<IWrite>();
        foreach (var id in Distinct(random, Items, random.Next(3)))
            writes.Add(new MoveItem(id, model.Items[id].Generation + random.Next(4) switch { 0 => 1, 1 => random.Next(3) - 1, _ => 0 }, random.Next(1_000)));
        foreach (var provider in Distinct(random, Providers, random.Next(3)))
            writes.Add(new Claim(provider, random.Next(1, 5)));
        writes.Add(new SendWork(
            Link, $"key-{random.Next(1_000_000).ToString(CultureInfo.InvariantCulture)}",
            new InstanceDeleted(new InstanceId(Guid.Empty), Epoch: 1, Intent: 1, LastGeneration: 1), TraceParent: null));
        return new Change(writes);
    }

    private static List<int> Distinct(Random random, int below, int count) =>
        Enumerable.Range(0, below).OrderBy(_ => random.Next()).Take(count).ToList();

    private static SendWork Work(Change change) => change.Writes.OfType<SendWork>().Single();

    private static async Task<TestDatabase> PreparedAsync()
    {
        var database = await TestDatabase.CreateAsync(owners: []);
        await database.ExecuteAsync(TestSchema.Sql);
        await database.ExecuteAsync($"""
            insert into item (id, value, change_number) select id, 0, -id from generate_series(0, {Items - 1}) as id;
            insert into provider (id, capacity) select id, {Capacity} from generate_series(0, {Providers - 1}) as id;
            """);
        return database;
    }

    private static Task KillBackendAsync(TestDatabase database) => database.ExecuteAsync("""
        select pg_terminate_backend(pid)
          from pg_stat_activity
         where datname = current_database()
           and application_name = 'cells commit'
        """);

    private sealed class Model
    {
        public (int Value, long Generation)[] Items { get; } = [.. Enumerable.Repeat((0, 1L), CommitterPropertyTests.Items)];
        public int[] Promised { get; } = new int[Providers];

        public bool Holds(IWrite write) => write switch
        {
            MoveItem move => Items[move.Id].Generation == move.Generation,
            Claim claim => Promised[claim.Provider] + claim.Amount <= Capacity,
            _ => true,
        };

        public void Do(IWrite write)
        {
            switch (write)
            {
                case MoveItem move:
                    Items[move.Id] = (move.Value, move.Generation + 1);
                    break;
                case Claim claim:
                    Promised[claim.Provider] += claim.Amount;
                    break;
            }
        }
    }
}
