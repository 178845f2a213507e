using Cells.Compute.Nodes;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Nodes;

public sealed class DividePoolsTests
{
    private static readonly NodeName A = NodeName.Parse("a"), B = NodeName.Parse("b"), C = NodeName.Parse("c");
    private static readonly string[] Pools = [.. Enumerable.Range(1, 7).Select(i => $"pool-{i}")];

    [Test]
    public void Without_a_node_that_speaks_nothing_is_given() => Assert.That(Next(new Dictionary<string, NodeName>(), [], []), Is.Empty);

    [Test]
    public void What_nobody_has_is_spread_evenly_at_once()
    {
        var given = Next(new Dictionary<string, NodeName>(), [], [A, B, C]);

        Assert.That(given.Select(g => g.Pool), Is.EquivalentTo(Pools));
        Assert.That(given.GroupBy(g => g.Node).Select(g => g.Count()), Is.EquivalentTo(new[] { 3, 2, 2 }));
    }

    [Test]
    public void What_a_dead_node_had_goes_to_the_others_and_nothing_else_moves()
    {
        var plan = Plan(A, A, B, B, B, C, C);

        var given = Next(plan, dead: [B], ready: [A, C]);

        Assert.That(given.Select(g => g.Pool), Is.EqualTo(new[] { "pool-3", "pool-4", "pool-5" }));
        Assert.That(given.Select(g => g.Node), Has.None.EqualTo(B));
    }

    [Test]
    public void A_pool_of_a_node_that_is_not_known_at_all_is_given_away() =>
        Assert.That(Next(Plan(A, A, A, C, A, A, A), dead: [C], ready: [A]).Single().Pool, Is.EqualTo("pool-4"));

    [Test]
    public void Between_living_nodes_one_pool_moves_at_a_time_and_none_while_one_is_on_its_way()
    {
        var plan = Plan(A, A, A, A, B, B, B);

        Assert.That(Next(plan, [], [A, B, C], mayMove: false), Is.Empty);
        Assert.That(Next(plan, [], [A, B, C]).Single().Node, Is.EqualTo(C));
    }

    [Test]
    public void A_node_that_joins_gets_its_share_in_as_many_moves_as_pools_and_then_all_rests([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        var nodes = Enumerable.Range(0, 2 + random.Next(4)).Select(i => NodeName.Parse($"n{random.Next(1_000_000)}-{i}")).ToList();
        var plan = Pools.ToDictionary(p => p, _ => nodes[random.Next(nodes.Count)]);
        var ready = nodes.Append(NodeName.Parse("joined")).ToList();
        var moves = 0;
        while (Next(plan, [], ready) is [var (pool, node)])
        {
            plan[pool] = node;
            Assert.That(++moves, Is.LessThanOrEqualTo(Pools.Length), $"seed {seed}");
        }

        var loads = ready.Select(n => plan.Values.Count(at => at == n)).ToList();
        Assert.That(loads.Max() - loads.Min(), Is.LessThan(2), $"seed {seed}");
    }

    private static IReadOnlyList<(string Pool, NodeName Node)> Next(
        IReadOnlyDictionary<string, NodeName> plan, IReadOnlyList<NodeName> dead, IReadOnlyList<NodeName> ready, bool mayMove = true) =>
        DividePools.Next(Pools, plan, dead.Contains, ready, mayMove);

    private static Dictionary<string, NodeName> Plan(params NodeName[] nodes) => Pools.Zip(nodes).ToDictionary(p => p.First, p => p.Second);
}
