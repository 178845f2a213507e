using System.Net;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Replay;

namespace Cells.Host.Bench;

/// <summary>
/// What clients wait for at the door of a tree (global > compute cells) while its hosts report: one server shown, a page of all servers in detail, and
/// servers created, each at a fixed rate of its own. The tree is a process, the simulator another, this generator a third.
/// </summary>
internal sealed class ApiBench(TimeProvider time, IIdSource ids)
{
    public const int MostPerPage = 1_000;

    private const int HostsPerCell = 100;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200), Patience = TimeSpan.FromMinutes(10);

    /// <param name="hosts">In cells of at most 100.</param>
    /// <param name="servers">There before anything is measured, all ACTIVE: what a list in detail shows. At most <see cref="MostPerPage"/>.</param>
    /// <param name="seconds">Each of the three kinds of request is measured for so long.</param>
    public async Task<ApiResult> RunAsync(int hosts, int servers, int seconds, ApiRates rates, CancellationToken stop)
    {
        if (servers > MostPerPage)
            throw new CellsException($"--servers must be at most {MostPerPage}: a list shows no more at once.");
        await using var tree = await ChildTree.StartAsync(BenchTopology.OfCells((hosts + HostsPerCell - 1) / HostsPerCell, Math.Min(hosts, HostsPerCell)), ids, time, stop);
        using var cloud = await CloudClient.EnterAsync(new EntryWords(Url: null, tree.Directory).Resolve(_ => null, tree.Directory), stop);
        var image = await BenchCloud.PrepareAsync(cloud, stop);
        var there = await BootAsync(cloud, image, servers, stop);
        var load = MachineLoad.Now();

        var show = await MeasureAsync(tree, rates.ShowsPerSecond, seconds, i => ExpectAsync(cloud, HttpMethod.Get, $"/servers/{there[i % there.Count]}", null, HttpStatusCode.OK, stop), stop);
        var detail = await MeasureAsync(tree, rates.DetailsPerSecond, seconds, _ => ExpectAsync(cloud, HttpMethod.Get, $"/servers/detail?limit={servers}", null, HttpStatusCode.OK, stop), stop);
        var create = await MeasureAsync(tree, rates.CreatesPerSecond, seconds, _ => ExpectAsync(cloud, HttpMethod.Post, "/servers", Create(image, 1), HttpStatusCode.Accepted, stop), stop);
        return new ApiResult(hosts, there.Count, show, detail, create, load);
    }

    private async Task<ApiFigures> MeasureAsync(ChildTree tree, double perSecond, int seconds, Func<int, Task<long>> one, CancellationToken stop)
    {
        var loop = new OpenLoop(time);
        await loop.RunAsync(perSecond, (int)Math.Ceiling(perSecond), one, stop);     // a second of it, to warm up
        var (count, bytes) = (Math.Max(1, (int)(perSecond * seconds)), 0L);
        var (ours, database) = (CpuTime.Of(tree.Pid, andChildren: false), CpuTime.Of(tree.PostmasterPid, andChildren: true));
        var latencies = await loop.RunAsync(perSecond, count, async i => Interlocked.Exchange(ref bytes, await one(i)), stop);
        ours = CpuTime.Of(tree.Pid, andChildren: false) - ours;
        database = CpuTime.Of(tree.PostmasterPid, andChildren: true) - database;
        return new ApiFigures(
            count, perSecond, Round(latencies.At(50)), Round(latencies.At(95)), Round(latencies.At(99)), Round(ours.TotalMilliseconds / count), Round(database.TotalMilliseconds / count),
            bytes);
    }

    /// <returns>The length of the answer.</returns>
    private static async Task<long> ExpectAsync(CloudClient cloud, HttpMethod method, string path, JsonNode? body, HttpStatusCode expected, CancellationToken stop)
    {
        var (status, text) = await cloud.SendUnreadAsync(method, "compute", path, body, stop);
        return status == expected ? text.Length : throw new CellsException($"{method} {path}: {(int)status} {text}");
    }

    private async Task<IReadOnlyList<string>> BootAsync(CloudClient cloud, string image, int servers, CancellationToken stop)
    {
        // In batches: a request of a thousand would hold the committer for as long as it takes.
        for (var made = 0; made < servers; made += 100)
            await ExpectAsync(cloud, HttpMethod.Post, "/servers", Create(image, Math.Min(100, servers - made)), HttpStatusCode.Accepted, stop);
        var began = time.GetTimestamp();
        while (true)
        {
            var all = (await cloud.GetAsync("compute", $"/servers/detail?limit={MostPerPage}", stop))["servers"]!.AsArray();
            if (all.Count(server => (string)server!["status"]! == "ACTIVE") == servers)
                return [.. all.Select(server => (string)server!["id"]!)];
            if (all.FirstOrDefault(server => (string)server!["status"]! == "ERROR") is { } failed)
                throw new CellsException($"Server {failed["id"]} of the benchmark is ERROR: {failed["fault"]?["message"]}");
            if (time.GetElapsedTime(began) > Patience)
                throw new CellsException($"The {servers} servers of the benchmark are not all ACTIVE after {Patience.TotalMinutes:0} min.");
            await Task.Delay(LookEvery, time, stop);
        }
    }

    private static JsonObject Create(string image, int count) => new()
    {
        ["server"] = new JsonObject { ["name"] = "bench", ["flavorRef"] = "1", ["imageRef"] = image, ["min_count"] = count, ["max_count"] = count },
    };

    private static double Round(double value) => Math.Round(value, 2);
}

/// <summary>How many of each kind of request come in a second.</summary>
internal sealed record ApiRates(double ShowsPerSecond, double DetailsPerSecond, double CreatesPerSecond);

/// <param name="Show">GET /servers/{id}.</param>
/// <param name="Detail">GET /servers/detail, all of <paramref name="Servers"/>.</param>
/// <param name="Create">POST /servers: to the 202.</param>
internal sealed record ApiResult(
    [property: JsonPropertyName("hosts")] int Hosts,
    [property: JsonPropertyName("servers")] int Servers,
    [property: JsonPropertyName("show")] ApiFigures Show,
    [property: JsonPropertyName("detail")] ApiFigures Detail,
    [property: JsonPropertyName("create")] ApiFigures Create,
    [property: JsonPropertyName("load_at_start")] string LoadAtStart);

/// <param name="P50Ms">From when the request was due to the last byte of its answer.</param>
/// <param name="CpuMsOurs">Of the tree's process, each; what it does besides (hosts report, builds go on) included.</param>
/// <param name="Bytes">Length of an answer.</param>
internal sealed record ApiFigures(
    [property: JsonPropertyName("requests")] int Requests,
    [property: JsonPropertyName("per_s")] double PerSecond,
    [property: JsonPropertyName("p50_ms")] double P50Ms,
    [property: JsonPropertyName("p95_ms")] double P95Ms,
    [property: JsonPropertyName("p99_ms")] double P99Ms,
    [property: JsonPropertyName("cpu_ms_ours")] double CpuMsOurs,
    [property: JsonPropertyName("cpu_ms_postgresql")] double CpuMsPostgreSql,
    [property: JsonPropertyName("bytes")] long Bytes);
