using Cells.Contracts;
using Cells.Host.Configuration;
using NUnit.Framework;

namespace Cells.UnitTests.Host;

public sealed class TopologyTests
{
    private string _path = "";

    [SetUp]
    public void MakeFile() => _path = Path.GetTempFileName();

    [TearDown]
    public void RemoveFile() => File.Delete(_path);

    [Test]
    public void The_default_tree_has_three_levels_and_four_compute_cells()
    {
        var topology = Topology.Default(hostsPerCell: 8);

        Assert.That(topology.Cells.Select(topology.PathOf), Is.EqualTo(new[]
        {
            "global", "global.east", "global.east.east-1", "global.east.east-2", "global.west", "global.west.west-1", "global.west.west-2",
        }));
        Assert.That(topology.Cells.Sum(c => c.SimulatedHosts), Is.EqualTo(32));
    }

    [TestCase("cells:\n  - { name: a, kind: api, paren: b }", 2, "unknown key 'paren' in a cell. Nearest valid key: 'parent'")]
    [TestCase("cels: []", 1, "unknown key 'cels' in the topology. Nearest valid key: 'cells'")]
    [TestCase("cells:\n  - { name: a.b, kind: api }", 2, "'a.b' is not a cell name")]
    [TestCase("cells:\n  - { name: a, kind: apo }", 2, "kind 'apo' is none of api, routing, compute")]
    [TestCase("cells:\n  - { name: a, kind: api }\n  - { name: a, kind: compute, parent: a }", 3, "cell 'a' stands here a second time")]
    [TestCase("cells:\n  - { name: a, kind: api }\n  - { name: b, kind: compute, parent: c }", 3, "names the parent 'c', which is not in the file")]
    [TestCase("cells:\n  - { name: a, kind: api, simulated_hosts: 3 }", 2, "only compute cells have")]
    [TestCase("cells:\n  - { name: a, kind: api }\n  - { name: b, kind: compute, parent: a, simulated_hosts: -1 }", 3, "must be a whole number from 0 to 1000")]
    [TestCase("cells:\n  - { name: a, kind: api }\n  - { name: b, kind: compute }", 1, "one cell must have no parent")]
    [TestCase("cells:\n  - { name: a, kind: api }\n  - { name: b, kind: compute, parent: a, simulated_pools: [ { name: p, host: 3 } ] }", 3, "unknown key 'host' in a pool. Nearest valid key: 'hosts'")]
    [TestCase("cells:\n  - { name: a, kind: compute }", 2, "must be of kind api")]
    [TestCase("cells:\n  - { name: a, kind: api }\n  - { name: b, kind: routing, parent: c }\n  - { name: c, kind: routing, parent: b }", 3, "its own ancestor")]
    public void A_wrong_file_is_refused_with_line_key_and_way_out(string yaml, int line, string expected)
    {
        File.WriteAllText(_path, yaml);

        var error = Assert.Throws<CellsException>(() => Topology.Read(_path, hostsPerCell: 8));

        Assert.That(error.Message, Does.Contain(expected).And.Contain($"line {line}:").And.Contain(_path));
    }

    [Test]
    public void A_cell_may_have_pools_of_several_members_instead_of_standalone_hosts()
    {
        File.WriteAllText(_path, "cells:\n  - { name: a, kind: api }\n  - { name: b, kind: compute, parent: a, simulated_pools: [ { name: p, hosts: 3, spares: 1 } ] }");

        var cell = Topology.Read(_path, hostsPerCell: 8).Cells[1];

        Assert.That((cell.SimulatedHosts, cell.ExpectedHosts), Is.EqualTo((0, 3)));
        Assert.That(cell.SimulatedPools, Is.EqualTo(new[] { new SimulatedPool("p", 3, 1) }));
    }

    [Test]
    public void The_sample_file_is_the_default_tree()
    {
        var sample = Topology.Read(Path.Combine(Repository.Root, "Cells.Host", "samples", "topology.yaml"), hostsPerCell: 3);

        var expected = Topology.Default(hostsPerCell: 8);
        Assert.That(sample.Cells.Select(c => (c.Name, c.Kind, c.Parent, c.Zone, c.SimulatedHosts)),
            Is.EqualTo(expected.Cells.Select(c => (c.Name, c.Kind, c.Parent, c.Zone, c.SimulatedHosts))));
        Assert.That(sample.HostShape, Is.EqualTo(expected.HostShape));
    }
}
