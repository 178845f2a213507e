using Cells.Compute.Nodes;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage.Leases;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Nodes;

public sealed class NodeBoardTests
{
    private static readonly NodeName A = NodeName.Parse("a"), B = NodeName.Parse("b");
    private static readonly Guid OfA = Guid.NewGuid(), OfB = Guid.NewGuid();

    private readonly ManualTime _time = new();

    [Test]
    public void The_leader_is_the_node_whose_process_has_the_cells_lease()
    {
        var nodes = new Dictionary<NodeName, LeaseRow> { [A] = new(OfA, null, 3, 30), [B] = new(OfB, null, 1, 9) };

        Assert.That(NodeBoard.Of(new LeaseRow(OfB, null, 7, 70), nodes, new Dictionary<string, Given>()).Leader, Is.EqualTo(new Leader(B, 7)));
        Assert.That(NodeBoard.Of(new LeaseRow(null, null, 7, 71), nodes, new Dictionary<string, Given>()).Leader, Is.Null, "nobody has it");
        Assert.That(NodeBoard.Of(new LeaseRow(Guid.NewGuid(), null, 8, 72), nodes, new Dictionary<string, Given>()).Leader, Is.Null, "its node has no lease yet");
    }

    [Test]
    public void A_node_is_dead_when_its_counter_stood_still_for_a_term_and_alive_when_it_moves()
    {
        var watch = NodeWatch.New;
        var first = See(new LeaseRow(OfA, null, 1, 1));
        _time.Advance(TimeSpan.FromSeconds(2));
        var moved = See(new LeaseRow(OfA, null, 1, 2));
        _time.Advance(TimeSpan.FromSeconds(3.9));
        var still = See(new LeaseRow(OfA, null, 1, 2));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        var dead = See(new LeaseRow(OfA, null, 1, 2));
        var back = See(new LeaseRow(OfB, null, 2, 3));

        Assert.That(new[] { first, moved, still, dead, back }.Select(s => (s.IsDead, s.Moves)), Is.EqualTo(new[]
        {
            (false, false), (false, true), (false, true), (true, false), (false, true),
        }));

        NodeSeen See(LeaseRow row)
        {
            watch = watch.On(row, _time.GetTimestamp(), _time.GetTimestamp(), _time);
            return watch.Seen(A);
        }
    }

    [Test]
    public void A_node_that_ended_in_order_is_dead_at_once()
    {
        var seen = NodeWatch.New.On(new LeaseRow(null, null, 4, 50), 0, 0, _time).Seen(A);

        Assert.That(seen, Is.EqualTo(new NodeSeen(A, 4, IsDead: true, Moves: false)));
    }

    [TestCase("n-1")]
    [TestCase("7")]
    public void Names_of_nodes(string text) => Assert.That(NodeName.Parse(text).ToString(), Is.EqualTo(text));

    [TestCase("")]
    [TestCase("N1")]
    [TestCase("a.b")]
    public void What_is_no_name_is_refused_with_what_one_looks_like(string text) =>
        Assert.That(() => NodeName.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains("'" + text + "' is not a node's name"));
}
