using System.Text.Json.Nodes;
using Cells.XenSim.Core;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Recorded workloads against a running tree: every request ends, and what the summary says is in use is what the hosts really run.</summary>
[NonParallelizable]
public sealed class ReplayTests
{
    [Test]
    public async Task The_sample_of_the_repository_ends_with_every_request_placed_or_refused()
    {
        var report = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"replay-{Guid.NewGuid():N}.md");
        var summary = await ReplayAsync(Path.Combine(Repository, "Cells.Host", "samples", "trace.csv"), "--report", report);

        Assert.That((int)summary["placed"]!, Is.GreaterThan(0));
        Assert.That(((int)summary["creates"]!, (int)summary["accepted"]!), Is.EqualTo((120, 120)));
        var timeline = summary["timeline"]!.AsArray();
        Assert.That(timeline.Sum(i => (int)i!["creates"]!), Is.EqualTo(120));
        Assert.That((int)timeline[^1]!["waiting"]!, Is.Zero, "at the end the fate of every server is known");
        var told = await File.ReadAllTextAsync(report);
        TestContext.AddTestAttachment(report);
        Assert.That(told, Does.Contain("# Replay of trace.csv, as fast as the tree accepted").And.Contain("## Create to running, ms: p50 full, p99 hatched"));
        foreach (var cell in summary["cells"]!.AsArray())
            Assert.That(told, Does.Contain($"\n| {cell!["cell"]} | {cell["hosts"]} | {cell["instances"]} | {cell["vcpus"]}/{cell["vcpus_capacity"]} |"));
    }

    [Test]
    public async Task A_broken_row_ends_it_before_anything_is_sent()
    {
        var up = await SharedTree.UpAsync();
        var trace = Path.Combine(up.Data, "broken.csv");
        await File.WriteAllTextAsync(trace, "t_s,batch,vcpus,mem_gib\n0,0,1,0.5\n1,0,none,0.5\n");

        var ended = await up.CellsAsync("replay", trace, "--speed", "0");

        Assert.That(ended.Code, Is.EqualTo(1));
        Assert.That(ended.Error, Does.Contain($"{trace}, line 3: column vcpus must be a number of at least 1, not 'none'."));
        using var cloud = await up.EnterAsync();
        Assert.That((await cloud.ServersAsync()).Select(s => s.Name), Has.None.EqualTo("trace-2"));
    }

    [Test]
    public async Task The_first_requests_of_a_real_trace_end_with_every_one_placed_or_refused()
    {
        if (FindTrace("azure_v1_dev.csv.gz") is not { } trace)
        {
            Assert.Ignore("No directory 'shared/traces' stands beside the repository or above it: the real trace is not part of it.");
            return;
        }

        var summary = await ReplayAsync(trace, "--limit", "2000");

        Assert.That((int)summary["requests"]!, Is.EqualTo(2000));
    }

    private static async Task<JsonNode> ReplayAsync(string trace, params string[] options)
    {
        var up = await SharedTree.UpAsync();

        var ended = await up.CellsAsync(["replay", trace, "--speed", "0", "-o", "json", .. options]);

        Assert.That(ended.Code, Is.Zero, $"{ended.Said}\n--- cells up said:\n{up.Said}");
        await TestContext.Out.WriteLineAsync(ended.Out);
        var summary = JsonNode.Parse(ended.Out)!;
        Assert.That((int)summary["unsettled"]!, Is.Zero);
        Assert.That((int)summary["placed"]! + summary["failed"]!.AsObject().Sum(f => (int)f.Value!), Is.EqualTo((int)summary["creates"]!), "placed, or failed with a reason");
        Assert.That(summary["failed"]!.AsObject().Select(f => f.Key), Is.All.Not.Empty);
        AssertFillIsTrue(summary, await (await up.SimAsync()).AccountAsync());
        return summary;
    }

    /// <summary>Instances, vCPUs and memory with its overhead: what each cell has promised of its hosts is what runs there.</summary>
    private static void AssertFillIsTrue(JsonNode summary, Accounts held)
    {
        var told = summary["cells"]!.AsArray().Select(c => ((string)c!["cell"]!, (int)c["instances"]!, (long)c["vcpus"]!, (long)c["memory_mib"]!));
        var real = held.Hosts.GroupBy(CellOf).OrderBy(g => g.Key, StringComparer.Ordinal).Select(cell =>
        {
            var domains = cell.SelectMany(h => h.Domains).ToList();
            return (cell.Key, domains.Count, domains.Sum(d => d.Vcpus), domains.Sum(d => d.MemoryBytes + d.OverheadBytes) >> 20);
        });
        Assert.That(told, Is.EqualTo(real));
    }

    /// <summary>Hosts are named after their cell: east-1-h01.</summary>
    private static string CellOf(HostAccount host) => host.Name[..host.Name.LastIndexOf("-h", StringComparison.Ordinal)];

    public static string Repository => Above(d => File.Exists(Path.Combine(d.FullName, "Cells.sln")))
        ?? throw new InvalidOperationException("The tests do not run inside the repository.");

    private static string? FindTrace(string name) =>
        Above(d => File.Exists(Path.Combine(d.FullName, "shared", "traces", name))) is { } place ? Path.Combine(place, "shared", "traces", name) : null;

    private static string? Above(Func<DirectoryInfo, bool> isIt)
    {
        for (var at = new DirectoryInfo(TestContext.CurrentContext.TestDirectory); at is not null; at = at.Parent)
            if (isIt(at))
                return at.FullName;
        return null;
    }
}
