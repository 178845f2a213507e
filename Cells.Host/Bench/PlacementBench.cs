using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Cells.Api.Http;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Configuration;
using Cells.Host.Replay;

namespace Cells.Host.Bench;

/// <summary>
/// Durable placements: from the REST handler (no HTTP) to the committed claim in the compute cell and the observed copy at the top. The hosts are in
/// the inventory and alive, but no build gets further than waiting for its image (<see cref="WithheldImages"/>).
/// </summary>
internal sealed class PlacementBench(TimeProvider time, IIdSource ids)
{
    private const int WarmUp = 3_000;

    /// <summary>A tenth of the room is left, so that choosing among full hosts is not what is measured.</summary>
    public const int MostPlacements = (PlacementTree.Hosts * PlacementTree.InstancesPerHost * 9 / 10) - WarmUp;

    private const string FlavorId = "bench";

    /// <param name="atOnce">Placements under way at once.</param>
    public async Task<PlacementResult> RunAsync(BusChoice bus, int placements, int atOnce, CancellationToken stop)
    {
        if (placements > MostPlacements)
            throw new CellsException($"--placements must be at most {MostPlacements}: more does not fit on the benchmark's {PlacementTree.Hosts} hosts.");
        await using var tree = await PlacementTree.StartAsync(bus, ids, time, stop);
        var (caller, asked) = await PrepareAsync(tree, stop);
        var (top, cell) = (await tree.TopDatabaseAsync(stop), await tree.CellDatabaseAsync(stop));

        await BatchAsync(tree, caller, asked, WarmUp, atOnce, new Percentiles(), stop);
        var before = await DatabaseCounts.ReadAsync([top, cell], time, stop);
        var (ours, database) = Cpu(tree);
        var (latencies, load) = (new Percentiles(), MachineLoad.Now());
        var (allocated, collections) = (GC.GetTotalAllocatedBytes(), GC.CollectionCount(2));
        var began = time.GetTimestamp();
        await BatchAsync(tree, caller, asked, placements, atOnce, latencies, stop);
        var wall = time.GetElapsedTime(began);
        var (oursAfter, databaseAfter) = Cpu(tree);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        collections = GC.CollectionCount(2) - collections;
        var counts = (await DatabaseCounts.ReadAsync([top, cell], time, stop)).Since(before);
        var limit = await PlacementLimit.MeasureAsync(tree, Math.Min(placements, 10_000), time, stop);

        var rate = placements / wall.TotalSeconds;
        return new PlacementResult(
            placements, Round(rate), Round(limit), Math.Round(rate / limit, 3), Math.Round((double)counts.Rows / placements, 2),
            Math.Round((double)counts.Transactions / placements, 3), Round(latencies.At(50)), Round(latencies.At(99)),
            Round((oursAfter - ours + databaseAfter - database).TotalMicroseconds / placements),
            Round((oursAfter - ours).TotalMicroseconds / placements), Round((databaseAfter - database).TotalMicroseconds / placements),
            Math.Round((double)counts.Groups / placements, 3), allocated / placements, collections, Math.Round(wall.TotalSeconds, 2), atOnce, load,
            counts.PerTable(placements));
    }

    private static double Round(double value) => Math.Round(value, 1);

    private static (TimeSpan Ours, TimeSpan Database) Cpu(PlacementTree tree) =>
        (CpuTime.Of(Environment.ProcessId, andChildren: false), CpuTime.Of(tree.PostmasterPid, andChildren: true));

    private static async Task<(RequestContext Caller, CreateServer Asked)> PrepareAsync(PlacementTree tree, CancellationToken stop)
    {
        using var cloud = await CloudClient.EnterAsync(tree.Rc, stop);
        var image = await BenchCloud.PrepareAsync(cloud, stop);
        var flavor = new JsonObject { ["flavor"] = new JsonObject { ["id"] = FlavorId, ["name"] = FlavorId, ["vcpus"] = 1, ["ram"] = 512, ["disk"] = 1 } };
        BenchCloud.Check(await cloud.SendAsync(HttpMethod.Post, "compute", "/flavors", flavor, stop), "The flavor could not be made");
        return (
            new RequestContext(new UserId(Guid.Parse(cloud.UserId)), new ProjectId(Guid.Parse(cloud.ProjectId)), ["admin"], "req-bench", null),
            CreateServer.Of("bench", FlavorId, new ImageId(Guid.Parse(image))));
    }

    private async Task BatchAsync(
        PlacementTree tree, RequestContext caller, CreateServer asked, int count, int atOnce, Percentiles latencies, CancellationToken stop)
    {
        await using var observed = await ObservedCopies.WatchAsync(await tree.TopDatabaseAsync(stop), time, stop);
        using var slots = new SemaphoreSlim(atOnce);
        var all = new List<Task>(count);
        for (var i = 0; i < count; i++)
        {
            await slots.WaitAsync(stop);
            all.Add(OneAsync());
        }
        await Task.WhenAll(all);

        async Task OneAsync()
        {
            await Task.Yield();                                  // the loop above only begins placements
            try
            {
                var began = time.GetTimestamp();
                var made = await tree.Process.Home.Servers.CreateAsync(caller, asked, stop);
                if (made.Status != 202)
                    throw new CellsException($"A create was refused: {made.Status} {made.Message}");
                await observed.ArrivalOf(JsonNode.Parse(made.Body.Span)!["server"]!["id"]!.GetValue<Guid>());
                lock (latencies)
                    latencies.Add(time.GetElapsedTime(began));
            }
            finally
            {
                slots.Release();
            }
        }
    }
}

/// <param name="LimitPerSecond">Bare group commits of the same rows, in the same run on the same cluster.</param>
/// <param name="RowsPerPlacement">Inserted, updated and deleted, over both databases, housekeeping of links and heartbeats included.</param>
/// <param name="CommitsPerPlacement">Transactions of both databases, those that only read included.</param>
/// <param name="P50Ms">Handler entered to observed copy seen at the top (looked at every 5 ms).</param>
/// <param name="GroupsPerPlacement">Committed groups: transactions that write.</param>
internal sealed record PlacementResult(
    [property: JsonPropertyName("placements")] int Placements,
    [property: JsonPropertyName("placements_per_s")] double PlacementsPerSecond,
    [property: JsonPropertyName("limit_per_s")] double LimitPerSecond,
    [property: JsonPropertyName("ratio")] double Ratio,
    [property: JsonPropertyName("rows_per_placement")] double RowsPerPlacement,
    [property: JsonPropertyName("commits_per_placement")] double CommitsPerPlacement,
    [property: JsonPropertyName("p50_ms")] double P50Ms,
    [property: JsonPropertyName("p99_ms")] double P99Ms,
    [property: JsonPropertyName("cpu_us_per_placement")] double CpuUsPerPlacement,
    [property: JsonPropertyName("cpu_us_ours")] double CpuUsOurs,
    [property: JsonPropertyName("cpu_us_postgresql")] double CpuUsPostgreSql,
    [property: JsonPropertyName("groups_per_placement")] double GroupsPerPlacement,
    [property: JsonPropertyName("allocated_bytes_per_placement")] long AllocatedBytesPerPlacement,
    [property: JsonPropertyName("gen2_collections")] int Gen2Collections,
    [property: JsonPropertyName("wall_s")] double WallSeconds,
    [property: JsonPropertyName("at_once")] int AtOnce,
    [property: JsonPropertyName("load_at_start")] string LoadAtStart,
    [property: JsonPropertyName("rows_per_table")] IReadOnlyDictionary<string, double> RowsPerTable);
