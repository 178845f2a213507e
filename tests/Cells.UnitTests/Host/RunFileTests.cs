using Cells.Contracts;
using Cells.Host.Configuration;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Cells.UnitTests.Host;

public sealed class RunFileTests
{
    private const string Good = """
        data: /var/lib/cells/api
        database: Host=db1;Username=cells;Password=of-the-database;Database=postgres
        bus: amqp://broker1
        cells:
          - { name: global, kind: api }
          - { name: east, kind: routing, parent: global, children: [east-1, east-2] }

        """;

    private string _path = "";

    [SetUp]
    public void MakeFile() => _path = Path.GetTempFileName();

    [TearDown]
    public void RemoveFile() => File.Delete(_path);

    [Test]
    public void Children_of_other_processes_are_neighbours()
    {
        var file = Read(Good);

        Assert.That(file.Topology.NeighboursOf(file.Topology.Cells[1]).Select(n => n.Name.Value), Is.EqualTo(new[] { "east-1", "east-2", "global" }));
        Assert.That(file.Bus, Is.EqualTo(new Uri("amqp://broker1:5672")));
    }

    [Test]
    public void How_much_is_logged_stands_in_the_file_and_is_shown()
    {
        Assert.That(Read(Good).LogLevel, Is.EqualTo(LogLevel.Information));

        var debug = Read(Good + "log_level: debug\n");

        Assert.That(debug.LogLevel, Is.EqualTo(LogLevel.Debug));
        Assert.That(EffectiveFile.Of(debug, ConfigurationFile.Read(_path), withDefaults: false), Does.Contain("\nlog_level: debug\n"));
    }

    [Test]
    public void A_parent_may_run_elsewhere()
    {
        var file = Read("data: d\ndatabase: Host=db1\nbus: amqp://broker1\ncells:\n  - { name: east-1, kind: compute, parent: east }\n");

        Assert.That(file.Topology.HasParentElsewhere(file.Topology.Cells[0]), Is.True);
        Assert.That(file.Topology.PathOf(file.Topology.Cells[0]), Is.EqualTo("east.east-1"));
    }

    [TestCase("dta: d\n", 1, "unknown key 'dta' in the configuration. Nearest valid key: 'data'")]
    [TestCase("data: d\n", 1, "key 'cells' is missing")]
    [TestCase("data: d\ndatabase: Host=db1\nlog_level: loud\ncells:\n  - { name: a, kind: api }", 3, "'log_level' must be one of debug, information, warning, error, not 'loud'")]
    [TestCase("data: d\ndatabase: Hots=db1\ncells:\n  - { name: a, kind: api }", 2, "'database' is not a connection string of PostgreSQL")]
    [TestCase("data: d\ndatabase: Host=db1\ncells:\n  - { name: a, kind: compute, parent: b }", 1, "cell 'a' has neighbours in other processes, and key 'bus' is missing")]
    [TestCase("data: d\ndatabase: Host=db1\ncells:\n  - { name: a, kind: api, children: [b] }", 1, "cell 'a' has neighbours in other processes, and key 'bus' is missing")]
    [TestCase("cells:\n  - { name: a, kind: api, children: [b] }\n  - { name: b, kind: compute, parent: a }", 2, "and 'b' is in this file")]
    [TestCase("cells:\n  - { name: a, kind: compute, parent: b, children: [c] }", 2, "a compute cell and can have no children")]
    [TestCase("cells:\n  - { name: a, kind: api, chidren: [c] }", 2, "Nearest valid key: 'children'")]
    [TestCase("data: d\ncells:\n  - { name: a, kind: api }\n  - { name: b, kind: compute, parent: a, simulated_hosts: 2 }", 1, "`cells run` runs real ones only")]
    public void A_wrong_file_is_refused_with_line_key_and_way_out(string yaml, int line, string expected)
    {
        Assert.That(() => Read(yaml), Throws.InstanceOf<CellsException>().With.Message.StartsWith($"{_path}, line {line}: ").And.Message.Contains(expected));
    }

    [Test]
    public void What_is_shown_hides_secrets_and_marks_what_the_file_left_out()
    {
        var file = Read(Good);

        var given = EffectiveFile.Of(file, ConfigurationFile.Read(_path), withDefaults: false);
        var whole = EffectiveFile.Of(file, ConfigurationFile.Read(_path), withDefaults: true);

        Assert.That(given + whole, Does.Not.Contain("of-the-database"));
        Assert.That(given, Does.Contain("Password=***").And.Contain("children: [east-1, east-2]").And.Not.Contain("listen"));
        Assert.That(whole, Does.Contain("listen: 127.0.0.1:8774   # default").And.Contain("url: http://127.0.0.1:8774   # default: as listen"));
        File.WriteAllText(_path, whole);
        Assert.That(RunFile.Read(_path).Topology.Cells.Select(c => c.Name.Value), Is.EqualTo(new[] { "global", "east" }), "what is shown can be read again");
    }

    private RunFile Read(string yaml)
    {
        File.WriteAllText(_path, yaml);
        return RunFile.Read(_path);
    }
}
