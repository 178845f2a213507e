using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Replay;

namespace Cells.Host.Bench;

/// <summary>
/// Boots and deletes through REST and XenAPI, durable: a tree of its own (global > 4 compute cells x 25 hosts), zero-latency simulated hosts
/// over HTTP. The tree is a process, the simulator another, this generator a third: their CPU is told apart.
/// </summary>
internal sealed class BootBench(TimeProvider time, IIdSource ids)
{
    private const int Cells = 4, HostsPerCell = 25;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <param name="boots">Servers booted and deleted while measured; a tenth as many before, to warm up.</param>
    /// <param name="atOnce">Servers under way at once.</param>
    public async Task<BootResult> RunAsync(int boots, int atOnce, CancellationToken stop)
    {
        await using var tree = await ChildTree.StartAsync(BenchTopology.OfCells(Cells, HostsPerCell), ids, time, stop);
        using var cloud = await CloudClient.EnterAsync(new EntryWords(Url: null, tree.Directory).Resolve(_ => null, tree.Directory), stop);
        var image = await BenchCloud.PrepareAsync(cloud, stop);

        await BatchAsync(cloud, image, Math.Max(Cells * HostsPerCell, boots / 10), atOnce, new Percentiles(), stop);
        var active = new Percentiles();
        var (oursBefore, databaseBefore) = Cpu(tree);
        var began = time.GetTimestamp();
        await BatchAsync(cloud, image, boots, atOnce, active, stop);
        var wall = time.GetElapsedTime(began);
        var (ours, database) = Cpu(tree);
        return new BootResult(
            boots, Math.Round(boots / wall.TotalSeconds, 1), Math.Round((ours - oursBefore + database - databaseBefore).TotalMilliseconds / boots, 2),
            Math.Round((ours - oursBefore).TotalMilliseconds / boots, 2), Math.Round((database - databaseBefore).TotalMilliseconds / boots, 2),
            Math.Round(active.At(50), 1), Math.Round(active.At(99), 1), Math.Round(wall.TotalSeconds, 1), Cells, HostsPerCell, atOnce);
    }

    private static (TimeSpan Ours, TimeSpan Database) Cpu(ChildTree tree) =>
        (CpuTime.Of(tree.Pid, andChildren: false), CpuTime.Of(tree.PostmasterPid, andChildren: true));

    private async Task BatchAsync(CloudClient cloud, string image, int count, int atOnce, Percentiles active, CancellationToken stop)
    {
        using var slots = new SemaphoreSlim(atOnce);
        var under = new ConcurrentDictionary<string, Boot>();
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watcher = WatchAsync(cloud, under, watching.Token);
        var all = new List<Task>(count);
        for (var i = 0; i < count; i++)
        {
            await slots.WaitAsync(stop);
            all.Add(OneAsync(cloud, image, under, slots, active, stop));
        }
        await Task.WhenAll(all);
        await watching.CancelAsync();
        await watcher;
    }

    private async Task OneAsync(CloudClient cloud, string image, ConcurrentDictionary<string, Boot> under, SemaphoreSlim slots, Percentiles active, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        var made = await cloud.SendAsync(HttpMethod.Post, "compute", "/servers",
            new JsonObject { ["server"] = new JsonObject { ["name"] = "bench", ["flavorRef"] = "1", ["imageRef"] = image } }, stop);
        if (made.Status != HttpStatusCode.Accepted)
            throw new CellsException($"A create was refused: {(int)made.Status} {made.Fault}");
        var id = (string)made.Body!["server"]!["id"]!;
        var boot = under.GetOrAdd(id, _ => new Boot());
        await boot.Active.Task.WaitAsync(Patience, time, stop);
        lock (active)
            active.Add(time.GetElapsedTime(began));
        var deleted = await cloud.SendAsync(HttpMethod.Delete, "compute", $"/servers/{id}", null, stop);
        if (deleted.Status != HttpStatusCode.NoContent)
            throw new CellsException($"A delete was refused: {(int)deleted.Status} {deleted.Fault}");
        boot.Deleting = true;
        await boot.Gone.Task.WaitAsync(Patience, time, stop);
        under.TryRemove(id, out _);
        slots.Release();
    }

    /// <summary>One list for all: what a dashboard costs, not a poll per server.</summary>
    private async Task WatchAsync(CloudClient cloud, ConcurrentDictionary<string, Boot> under, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var deleting = under.Where(b => b.Value.Deleting).Select(b => b.Key).ToList();
                var seen = new HashSet<string>();
                foreach (var server in (await cloud.GetAsync("compute", "/servers/detail?limit=1000", stop))["servers"]!.AsArray())
                {
                    var id = (string)server!["id"]!;
                    seen.Add(id);
                    if (!under.TryGetValue(id, out var boot))
                        continue;
                    if ((string)server["status"]! == "ACTIVE")
                        boot.Active.TrySetResult();
                    else if ((string)server["status"]! == "ERROR")
                        boot.Active.TrySetException(new CellsException($"Server {id} ended in ERROR: {server["fault"]?["message"]}"));
                }
                foreach (var id in deleting.Where(id => !seen.Contains(id)))
                    if (under.TryGetValue(id, out var gone))
                        gone.Gone.TrySetResult();
                await Task.Delay(LookEvery, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The batch is over, and the watcher with it.
        }
        catch (CellsException error)
        {
            foreach (var boot in under.Values)
                boot.Active.TrySetException(error);
        }
    }

    private sealed class Boot
    {
        public TaskCompletionSource Active { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public volatile bool Deleting;
    }
}

/// <param name="BootsPerSecond">Boot + delete pairs.</param>
/// <param name="CpuMsPerBoot">Our process and PostgreSQL, per boot + delete.</param>
/// <param name="P50Ms">POST sent to ACTIVE seen.</param>
internal sealed record BootResult(
    [property: JsonPropertyName("boots")] int Boots,
    [property: JsonPropertyName("boots_per_s")] double BootsPerSecond,
    [property: JsonPropertyName("cpu_ms_per_boot")] double CpuMsPerBoot,
    [property: JsonPropertyName("cpu_ms_ours")] double CpuMsOurs,
    [property: JsonPropertyName("cpu_ms_postgresql")] double CpuMsPostgreSql,
    [property: JsonPropertyName("p50_ms")] double P50Ms,
    [property: JsonPropertyName("p99_ms")] double P99Ms,
    [property: JsonPropertyName("wall_s")] double WallSeconds,
    [property: JsonPropertyName("cells")] int Cells,
    [property: JsonPropertyName("hosts_per_cell")] int HostsPerCell,
    [property: JsonPropertyName("at_once")] int AtOnce);
