using System.Diagnostics;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.PrivateClusters;
using Cells.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Storage;

/// <summary>How many writes a second go through one committer, durable, and with how many askers at once. Measures; judges only order of size.</summary>
[Explicit("A measurement: it wants a quiet machine.")]
public sealed class CommitterThroughputTests
{
    [Test]
    public async Task Durable_guarded_writes_per_second([Values(1, 100, 1_000)] int askers)
    {
        TestCluster.RequirePostgres();
        var directory = TestCluster.NewDirectory();
        var cluster = await PrivateCluster.StartAsync(
            new PrivateClusterOptions(Path.Combine(directory, "postgres")), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        await cluster.CreateDatabaseAsync("cell", CancellationToken.None);
        await Migrator.MigrateAsync(cluster.ConnectionString("cell"), [SqlSource.Messaging], TimeProvider.System, CancellationToken.None);
        await using var setUp = new Npgsql.NpgsqlConnection(cluster.ConnectionString("cell"));
        await setUp.OpenAsync();
        await using (var command = new Npgsql.NpgsqlCommand(
            TestSchema.Sql + "insert into item (id, value, change_number) select id, 0, -id from generate_series(1, 10000) as id; analyze item;", setUp))
            await command.ExecuteNonQueryAsync();
        var system = new ActorSystem("measured", new ThreadPoolDispatcher(), TimeProvider.System);
        await using var committer = new Committer(system, cluster.ConnectionString("cell"), OpenGate.Instance, new SystemIds(), new CommitterOptions());

        foreach (var (name, write) in new (string, Func<int, int, IWrite>)[]
            { ("insert", (_, i) => new AddNote($"note {i}")), ("guarded update of a replicated row", (asker, i) => new MoveItem(asker + 1, i + 1, i)) })
        {
            var writes = 0;
            var latencies = new long[askers];
            var began = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, askers).Select(async asker =>
            {
                for (var i = 0; Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(4); i++)
                {
                    var asked = Stopwatch.GetTimestamp();
                    var outcome = await committer.CommitAsync(new Change(write(asker, i)));
                    if (outcome is not CommitOutcome.Committed)
                        throw new AssertionException($"{outcome}");
                    latencies[asker] = Math.Max(latencies[asker], Stopwatch.GetTimestamp() - asked);
                    Interlocked.Increment(ref writes);
                }
            }));
            TestContext.Out.WriteLine(
                $"{name}: {askers} askers, {writes / Stopwatch.GetElapsedTime(began).TotalSeconds:N0} writes/s, slowest {TimeSpan.FromSeconds((double)latencies.Max() / Stopwatch.Frequency).TotalMilliseconds:N1} ms");
            Assert.That(writes, Is.GreaterThan(100 * 4));
        }
        await system.Terminate();
        await cluster.RemoveAsync(CancellationToken.None);
        Directory.Delete(directory, recursive: true);
    }
}
