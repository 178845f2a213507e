using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Host.Commands;
using Cells.Host.Commands.Doctor;
using NUnit.Framework;

namespace Cells.UnitTests.Host.Commands;

/// <summary>What `cells doctor` makes of what it sees.</summary>
public sealed class DoctorTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const long Gib = 1L << 30;

    private static readonly TreeFacts Well = new(
        JsonNode.Parse("""
            {"cell": "global", "time": "2026-01-01T00:00:00Z", "leases": [{"name": "global", "holder": "9b2b2b2b-0000-4000-8000-000000000000", "epoch": 3}],
             "database": {"version": "15.14", "version_number": 150014, "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
                          "max_connections": 41, "connections": 21, "size_bytes": 12582912, "change_number": 7}}
            """)!,
        Cells: Array("""[{"name": "global", "path": "global", "silent": false, "heard_seconds_ago": 0}]"""),
        Hosts: Array("""[{"name": "h1", "cell": "east-1", "status": "up", "address": "http://h1"}]"""),
        Pools: Array("""[{"name": "p1", "cell": "east-1", "status": "managed", "why": "by http://h1", "silent": false}]"""),
        Links: Array("""[{"neighbour": "east", "health": "up", "outbox_backlog": 0, "state_lag": 0, "problem": null}]"""),
        Parked: [], Drift: [], Overdue: [], ClockAhead: TimeSpan.FromMilliseconds(3), RoundTrip: TimeSpan.FromMilliseconds(8));

    private static readonly DirectoryFacts Here = new(
        "/data", [("keys/a.key", OwnerOnly), ("openrc", OwnerOnly)], FreeBytes: 50 * Gib, TotalBytes: 100 * Gib, Holder: 7, StartedBy: "cells run --config /etc/cells/api.yaml", Port: 5432, [new CellRows("east-1", [], 0)], null);

    [Test]
    public void Of_a_tree_that_is_well_every_finding_is_ok()
    {
        var findings = JudgeTree.Of(Well).Concat(JudgeDirectory.Of(Here)).ToList();

        Assert.That(findings, Is.All.Property("Level").EqualTo(Level.Ok).And.All.Property("Remedy").Null);
        Assert.That(findings.Select(f => f.Check).Distinct(), Is.EqualTo(new[]
        {
            "door", "clock", "database", "leases", "cells", "hosts", "pools", "links", "parked", "drift", "tasks", "directory", "disk", "keys",
        }));
        Assert.That(DoctorCommand.Ending(findings, strict: true), Is.EqualTo(ExitCode.Done));
    }

    private static IEnumerable<TestCaseData> SickTrees()
    {
        yield return Case("clock", Level.Warning, "The door's clock is 3.0 s behind this machine's.", Well with { ClockAhead = TimeSpan.FromSeconds(-3) });
        yield return Case("clock", Level.Ok, "differ by less than 2 s", Well with { ClockAhead = TimeSpan.FromSeconds(3), RoundTrip = TimeSpan.FromSeconds(4) });
        yield return Case("database", Level.Error, "runs with fsync off: what was answered may be lost", Health("database", "fsync", "off"));
        yield return Case("database", Level.Warning, "PostgreSQL 15.14; 15 is the oldest that is tested", Health("database", "version_number", 140_000));
        yield return Case("database", Level.Warning, "40 of the server's 41 connections are taken", Health("database", "connections", 40));
        yield return Case("leases", Level.Warning, "Nobody holds the lease of east-1",
            Well with { Health = Changed(Well.Health, h => h["leases"] = Array("""[{"name": "east-1", "holder": null, "epoch": 2}]""")) });
        yield return Case("cells", Level.Error, "Cell global.east is silent 3m: its servers go on",
            Well with { Cells = Array("""[{"name": "east", "parent": "global", "path": "global.east", "silent": true, "heard_seconds_ago": 200}]""") });
        yield return Case("nodes", Level.Warning, "Node two of cell east-1 is missing: its pools are being given to others",
            Well with { Cells = Array("""
                [{"name": "east-1", "path": "global.east-1", "silent": false, "heard_seconds_ago": 1,
                  "nodes": [{"name": "one", "leads": true, "lives": true, "pools": []}, {"name": "two", "leads": false, "lives": false, "pools": ["p1"]}]}]
                """) });
        yield return Case("hosts", Level.Error, "Host h1 of cell east-1 is down", Host("down"));
        yield return Case("hosts", Level.Warning, "Host h1 of cell east-1 is in maintenance", Host("maintenance"));
        yield return Case("pools", Level.Error, "Pool p1 of cell east-1 is refused: it is managed by cell x", Pool("refused", "it is managed by cell x", silent: false));
        yield return Case("pools", Level.Error, "Pool p1 of cell east-1 is connecting: nobody answers", Pool("connecting", "nobody answers", silent: false));
        yield return Case("pools", Level.Ok, "All 1 pools are managed.", Pool("connecting", "nobody answers", silent: true));
        yield return Case("links", Level.Error, "The link to east is down", Link("health", "down"));
        yield return Case("links", Level.Error, "cannot be used: versions differ", Link("problem", "versions differ"));
        yield return Case("links", Level.Error, "The link to east is full: 10001 messages wait", Link("outbox_backlog", 10_001L));
        yield return Case("links", Level.Warning, "lags: 1001 messages", Link("outbox_backlog", 1_001L));
        yield return Case("parked", Level.Error, "2 messages of 1 keys are parked. The oldest: unreadable",
            Well with { Parked = Array("""[{"link": "east", "key": "k", "reason": "unreadable"}, {"link": "east", "key": "k", "reason": "behind"}]""") });
        yield return Case("drift", Level.Warning, "1 things do not agree. The first: s1, its VM does not run.",
            Well with { Drift = Array("""[{"id": "s1", "text": "its VM does not run"}]""") });
        yield return Case("tasks", Level.Error, "1 requests are past their deadline. The first: spawning of server s1, at cell east-1.",
            Well with { Overdue = Array("""[{"server": "s1", "task": "spawning", "cell": "east-1"}]""") });
    }

    [TestCaseSource(nameof(SickTrees))]
    public void What_is_wrong_with_a_tree_is_said(string check, int level, string text, object facts)
    {
        var finding = JudgeTree.Of((TreeFacts)facts).First(f => f.Check == check);

        Assert.That(((int)finding.Level, finding.Remedy is null), Is.EqualTo((level, level == (int)Level.Ok)), finding.Text);
        Assert.That(finding.Text, Does.Contain(text));
    }

    private static IEnumerable<TestCaseData> SickDirectories()
    {
        yield return Case("directory", Level.Error, "No process holds /data", Here with { Holder = null });
        yield return Case("disk", Level.Error, "0.5 of 100.0 GiB are free", Here with { FreeBytes = Gib / 2 });
        yield return Case("disk", Level.Warning, "4.0 of 100.0 GiB are free", Here with { FreeBytes = 4 * Gib });
        yield return Case("disk", Level.Ok, "4.0 of 30.0 GiB are free", Here with { FreeBytes = 4 * Gib, TotalBytes = 30 * Gib });
        yield return Case("keys", Level.Error, "keys/b.key can be read by others", Here with { Secrets = [("openrc", OwnerOnly), ("keys/b.key", OwnerOnly | UnixFileMode.GroupRead)] });
        yield return Case("database", Level.Error, "The private PostgreSQL on port 5432 does not answer: refused", Here with { Cells = [], Problem = "refused" });
        yield return Case("leases", Level.Warning, "Nobody holds the lease of east-1", Here with { Cells = [new CellRows("east-1", ["east-1"], 0)] });
        yield return Case("parked", Level.Error, "3 messages are parked in cell east-1", Here with { Cells = [new CellRows("east-1", [], 3)] });
    }

    [TestCase("cells run --config /etc/cells/api.yaml", "Start it again: `cells run --config /etc/cells/api.yaml`, or the service that does so.")]
    [TestCase(null, "Start it: `cells up --data /data` for a tree of simulated hosts, else `cells run` with the file that names this directory.")]
    public void What_does_not_run_is_started_as_it_was(string? startedBy, string remedy)
    {
        var finding = JudgeDirectory.Of(Here with { Holder = null, StartedBy = startedBy }).First(f => f.Check == "directory");

        Assert.That(finding.Remedy, Is.EqualTo(remedy));
    }

    [TestCase("global", "`cells link show east-1`, and what that process writes to standard error, say why not.")]
    [TestCase("east", "what that process and the one of east write to standard error, say why not.")]
    public void Why_a_cell_is_silent_is_known_where_its_parent_runs(string parent, string remedy)
    {
        var cell = new JsonObject { ["name"] = "east-1", ["parent"] = parent, ["path"] = "x.east-1", ["silent"] = true, ["heard_seconds_ago"] = 9.0 };

        var finding = JudgeTree.Of(Well with { Cells = [cell] }).Single(f => f.Check == "cells");

        Assert.That(finding.Remedy, Does.EndWith(remedy));
    }

    [Test]
    public void Of_a_silent_branch_its_uppermost_cell_is_told()
    {
        var cells = Array("""
            [{"name": "global", "path": "global", "silent": false, "heard_seconds_ago": 0},
             {"name": "east", "parent": "global", "path": "global.east", "silent": true, "heard_seconds_ago": 9},
             {"name": "east-1", "parent": "east", "path": "global.east.east-1", "silent": true, "heard_seconds_ago": 9},
             {"name": "east-10", "parent": "global", "path": "global.east-10", "silent": false, "heard_seconds_ago": 0}]
            """);

        var findings = JudgeTree.Of(Well with { Cells = cells }).Where(f => f.Check == "cells").ToList();

        Assert.That(findings.Single().Text, Is.EqualTo(
            "Cell global.east is silent 9s, and so are the 1 below it: their servers go on, but nothing new goes there and changes to them wait."));
    }

    [TestCaseSource(nameof(SickDirectories))]
    public void What_is_wrong_with_a_directory_is_said(string check, int level, string text, object facts)
    {
        var finding = JudgeDirectory.Of((DirectoryFacts)facts).First(f => f.Check == check);

        Assert.That(((int)finding.Level, finding.Remedy is null), Is.EqualTo((level, level == (int)Level.Ok)), finding.Text);
        Assert.That(finding.Text, Does.Contain(text));
    }

    [TestCase(1, false, ExpectedResult = 0)]
    [TestCase(2, false, ExpectedResult = 0)]
    [TestCase(2, true, ExpectedResult = 1)]
    [TestCase(3, false, ExpectedResult = 1)]
    public int The_worst_finding_is_the_end(int worst, bool strict) =>
        (int)DoctorCommand.Ending([Finding.Ok("door", "answers"), new Finding("disk", (Level)worst, "disk", "room")], strict);

    private static TestCaseData Case(string check, Level level, string text, object facts) =>
        new TestCaseData(check, (int)level, text, facts).SetArgDisplayNames(check, $"{level}", text);

    private static TreeFacts Health(string part, string name, JsonNode value) => Well with { Health = Changed(Well.Health, h => h[part]![name] = value) };

    private static TreeFacts Host(string status) => Well with { Hosts = [Changed(Well.Hosts[0]!, h => h["status"] = status)] };

    private static TreeFacts Pool(string status, string why, bool silent) =>
        Well with { Pools = [Changed(Well.Pools[0]!, p => (p["status"], p["why"], p["silent"]) = (status, why, silent))] };

    private static TreeFacts Link(string name, JsonNode value) => Well with { Links = [Changed(Well.Links[0]!, l => l[name] = value)] };

    private static JsonNode Changed(JsonNode node, Action<JsonNode> change)
    {
        var copy = node.DeepClone();
        change(copy);
        return copy;
    }

    private static JsonArray Array(string json) => JsonNode.Parse(json)!.AsArray();
}
