using Cells.Contracts;
using Cells.IntegrationTests.Api.Tree;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>
/// The tree under lost, doubled and overtaken frames, failed commits, lost answers of the database, and crashes between any two messages.
/// </summary>
[CancelAfter(300_000)]
public sealed class UnreliableTreeTests
{
    [Test]
    public async Task Whatever_is_lost_doubled_or_crashed_each_server_ends_in_one_place_or_nowhere([Values(1, 2, 3, 4)] int seed)
    {
        await using var world = await TreeWorld.StartAsync(seed);
        var random = new Random(seed);
        var (servers, deleted) = (new List<InstanceId>(), new HashSet<InstanceId>());
        (world.Transport.Percent, world.Gate.Percent) = (10, 5);

        for (var step = 0; step < 40; step++)
        {
            switch (random.Next(8))
            {
                case 0 or 1 or 2:
                    servers.Add(world.Create());
                    break;
                case 3 when servers.FirstOrDefault(s => !deleted.Contains(s) && random.Next(2) == 0) is { Value: var id } server && id != Guid.Empty:
                    if (world.TryDelete(server) is CommitOutcome.Committed)
                        deleted.Add(server);
                    break;
                case 4:
                    world.Restart(random.Next(3) switch { 0 => TreeWorld.Global, 1 => TreeWorld.East, _ => world.A.Name });
                    break;
                case 5:
                    world.A.Habit = random.Next(2) == 0 ? Habit.Place : Habit.Refuse;
                    break;
                default:
                    break;
            }
            world.Run(TimeSpan.FromMilliseconds(random.Next(1, 1500)));
        }
        (world.Transport.Percent, world.Gate.Percent) = (0, 0);
        world.Run(TimeSpan.FromSeconds(100));

        var cells = new[] { world.A, world.B, world.West };
        Assert.That(servers, Is.Not.Empty);
        Assert.That(world.Gate.Fired, Is.GreaterThan(10), $"seed {seed}: faults of the database");
        foreach (var server in servers)
        {
            var row = world.Row(TreeWorld.Global, server);
            var holders = cells.Where(c => c.Holds.ContainsKey(server)).ToList();
            var what = $"seed {seed}, server {server}, deleted {deleted.Contains(server)}, state {row.State}";
            if (deleted.Contains(server))
            {
                Assert.That(row.State, Is.EqualTo(DispatchState.Deleted), what);
                Assert.That(holders, Is.Empty, what);
                Assert.That(world.IsTerminated(server), Is.True, what);
            }
            else
            {
                var observed = world.Observed(TreeWorld.Global, server);
                Assert.That(row.State, Is.EqualTo(DispatchState.Placed), what);
                Assert.That(holders, Has.Count.EqualTo(1), what);
                Assert.That((observed?.Cell, observed?.Epoch, observed?.Generation), Is.EqualTo(
                    ((CellName?)holders[0].Name, (long?)holders[0].Holds[server].Epoch, (long?)holders[0].Holds[server].Generation)), what);
                Assert.That(world.View(server).VmState, Is.EqualTo(VmState.Active), what);
            }
        }
    }
}
