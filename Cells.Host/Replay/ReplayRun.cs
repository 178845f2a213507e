using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Host.Clients;

namespace Cells.Host.Replay;

/// <summary>
/// Drives the REST interface with the requests of a recorded workload: creates and deletes at the trace's pace (or faster), and follows every
/// server to its end. It is a client like any other.
/// </summary>
/// <param name="speed">Times real; 0 sends as fast as the tree accepts.</param>
internal sealed class ReplayRun(CloudClient cloud, TimeProvider time, double speed, Action<ReplayProgress> progress)
{
    /// <summary>How many requests may be under way at once: enough to load a tree, few enough not to be an attack.</summary>
    private const int Concurrency = 32;

    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the run waits, after its last request, for servers to settle.</summary>
    private static readonly TimeSpan SettleWithin = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan FillStandsStillFor = TimeSpan.FromSeconds(3), FillWithin = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<int, Followed> _byLine = new();
    private readonly ConcurrentDictionary<string, Followed> _byId = new();
    private readonly Dictionary<(int Vcpus, long MemoryMib), string> _flavors = [];
    private readonly Percentiles _accept = new();
    private readonly Percentiles _active = new();
    private readonly Lock _figures = new();
    private int _creates, _deletes;

    public async Task<ReplaySummary> RunAsync(IReadOnlyList<TraceEvent> events, CancellationToken stop)
    {
        if (events.Count == 0)
            throw new CellsException("The trace has no requests: nothing to replay.");
        var image = await EnsureImageAsync(stop);
        await EnsureQuotaAsync(stop);
        foreach (var size in events.Select(e => (e.Row.Vcpus, e.Row.MemoryMib)).Distinct().Order())
            _flavors[size] = await EnsureFlavorAsync(size.Vcpus, size.MemoryMib, stop);

        var started = time.GetTimestamp();
        using var polling = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var poller = PollAsync(polling.Token);
        using var slots = new SemaphoreSlim(Concurrency);
        var requests = new List<Task>(events.Count);
        foreach (var e in events)
        {
            await WaitForAsync(e.At - events[0].At, started, stop);
            await slots.WaitAsync(stop);
            if (requests.Find(r => r.IsFaulted) is { } failed)
                await failed;
            requests.RemoveAll(r => r.IsCompletedSuccessfully);
            requests.Add(InSlotAsync(slots, e.IsDelete ? DeleteAsync(e.Row, stop) : CreateAsync(e.Row, image, stop)));
        }
        await Task.WhenAll(requests);
        await SettleAsync(stop);
        await polling.CancelAsync();
        await poller;
        return await SummaryAsync(events.Count, time.GetElapsedTime(started), stop);
    }

    private static async Task InSlotAsync(SemaphoreSlim slots, Task request)
    {
        try
        {
            await request;
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task WaitForAsync(double traceSeconds, long started, CancellationToken stop)
    {
        if (speed <= 0)
            return;
        var due = TimeSpan.FromSeconds(traceSeconds / speed) - time.GetElapsedTime(started);
        if (due > TimeSpan.Zero)
            await Task.Delay(due, time, stop);
    }

    private async Task CreateAsync(TraceRow row, string image, CancellationToken stop)
    {
        Interlocked.Increment(ref _creates);
        var followed = _byLine[row.Line] = new Followed();
        var sent = time.GetTimestamp();
        var answer = await cloud.SendAsync(HttpMethod.Post, "compute", "/servers", new JsonObject
        {
            ["server"] = new JsonObject
            {
                ["name"] = $"trace-{row.Line}",
                ["flavorRef"] = _flavors[(row.Vcpus, row.MemoryMib)],
                ["imageRef"] = image,
            },
        }, stop);
        lock (_figures)
            _accept.Add(time.GetElapsedTime(sent));
        if (answer.Status != HttpStatusCode.Accepted)
        {
            followed.End(Ending.NotAccepted, $"{(int)answer.Status} {answer.Fault}");
            return;
        }
        followed.Accepted((string)answer.Body!["server"]!["id"]!, sent);
        _byId[followed.Id!] = followed;
    }

    /// <summary>A delete of a server that was not accepted has nothing to delete; one whose create is under way waits for its answer.</summary>
    private async Task DeleteAsync(TraceRow row, CancellationToken stop)
    {
        if (!_byLine.TryGetValue(row.Line, out var followed) || await followed.IdWhenKnown(stop) is not { } id)
            return;
        Interlocked.Increment(ref _deletes);
        var before = await cloud.SendAsync(HttpMethod.Get, "compute", $"/servers/{id}", null, stop);
        if (before.IsSuccess)
            See(followed, before.Body!["server"]!.AsObject());
        followed.Deleting();
        var answer = await cloud.SendAsync(HttpMethod.Delete, "compute", $"/servers/{id}", null, stop);
        if (answer.Status is not (HttpStatusCode.NoContent or HttpStatusCode.NotFound))
            throw new CellsException($"DELETE of server {id} (line {row.Line}): {(int)answer.Status} {answer.Fault}");
    }

    private async Task PollAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await SeeAllAsync(stop);
                progress(Progress());
                await Task.Delay(PollEvery, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over: the poller ends with it.
        }
    }

    private async Task SeeAllAsync(CancellationToken stop)
    {
        var seen = new HashSet<string>();
        var knownBefore = _byId.Keys.ToList();
        var marker = "";
        while (true)
        {
            var page = (await cloud.GetAsync("compute", $"/servers/detail?limit=1000{marker}", stop))["servers"]!.AsArray();
            foreach (var server in page)
            {
                var id = (string)server!["id"]!;
                seen.Add(id);
                if (_byId.TryGetValue(id, out var followed))
                    See(followed, server.AsObject());
            }
            if (page.Count < 1000)
                break;
            marker = $"&marker={page[^1]!["id"]}";
        }
        foreach (var id in knownBefore.Where(id => !seen.Contains(id)))
            _byId[id].Gone();
    }

    private void See(Followed followed, JsonObject server)
    {
        switch ((string)server["status"]!)
        {
            case "ACTIVE" or "SHUTOFF" when followed.End(Ending.Placed, ""):
                lock (_figures)
                    _active.Add(time.GetElapsedTime(followed.Sent));
                break;
            case "ERROR":
                followed.End(Ending.Refused, Reason((string?)server["fault"]?["message"] ?? "no reason given"));
                break;
        }
    }

    /// <summary>The first sentence: what follows it holds figures that differ from server to server.</summary>
    private static string Reason(string fault) => fault.IndexOf(". ", StringComparison.Ordinal) is > 0 and var end ? fault[..(end + 1)] : fault;

    private async Task SettleAsync(CancellationToken stop)
    {
        var since = time.GetTimestamp();
        while (_byLine.Values.Any(f => !f.IsSettled) && time.GetElapsedTime(since) < SettleWithin)
            await Task.Delay(PollEvery, time, stop);
    }

    private ReplayProgress Progress() => new(_creates, _deletes, _byLine.Values.Count(f => f.IsSettled), _byLine.Count);

    private async Task<ReplaySummary> SummaryAsync(int requests, TimeSpan wall, CancellationToken stop)
    {
        var all = _byLine.Values.ToList();
        var failed = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var f in all.Where(f => f.Ending is Ending.Refused or Ending.NotAccepted or Ending.DeletedWhileBuilding))
            failed[f.Reason] = failed.GetValueOrDefault(f.Reason) + 1;
        return new ReplaySummary(
            requests, _creates, _deletes, all.Count(f => f.Id is not null), all.Count(f => f.Ending == Ending.Placed), all.Count(f => f.IsGone),
            failed, all.Count(f => !f.IsSettled), Math.Round(wall.TotalSeconds, 1), Latency.Of(_accept), Latency.Of(_active), await SettledFillAsync(stop));
    }

    /// <summary>The hosts' rows follow their instances within seconds: the fill is read when it stands still.</summary>
    private async Task<IReadOnlyList<CellFill>> SettledFillAsync(CancellationToken stop)
    {
        var since = time.GetTimestamp();
        var seen = await FillAsync(stop);
        while (true)
        {
            await Task.Delay(FillStandsStillFor, time, stop);
            var again = await FillAsync(stop);
            if (again.SequenceEqual(seen) || time.GetElapsedTime(since) > FillWithin)
                return again;
            seen = again;
        }
    }

    private async Task<IReadOnlyList<CellFill>> FillAsync(CancellationToken stop)
    {
        var hosts = (await cloud.GetAsync("cells", "/hosts", stop))["hosts"]!.AsArray();
        return
        [
            .. hosts.GroupBy(h => (string)h!["cell"]!).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new CellFill(
                g.Key, g.Count(), g.Sum(h => (int)h!["instances"]!),
                g.Sum(h => (long)h!["promised_vcpus"]!), g.Sum(h => (long)h!["vcpus"]!),
                g.Sum(h => (long)h!["promised_memory_mib"]!), g.Sum(h => (long)h!["memory_mib"]!))),
        ];
    }

    private async Task<string> EnsureFlavorAsync(int vcpus, long memoryMib, CancellationToken stop)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"trace.{vcpus}c-{memoryMib}m");
        var body = new JsonObject { ["flavor"] = new JsonObject { ["id"] = name, ["name"] = name, ["vcpus"] = vcpus, ["ram"] = memoryMib, ["disk"] = 1 } };
        var made = await cloud.SendAsync(HttpMethod.Post, "compute", "/flavors", body, stop);
        return made.IsSuccess || made.Status == HttpStatusCode.Conflict
            ? name
            : throw new CellsException($"The flavor {name} could not be made: {(int)made.Status} {made.Fault}. A replay needs the admin role.");
    }

    private async Task<string> EnsureImageAsync(CancellationToken stop)
    {
        const string name = "trace-image";
        if ((await cloud.GetAsync("image", $"/v2/images?name={name}&status=active", stop))["images"]!.AsArray() is [{ } found, ..])
            return (string)found["id"]!;
        var made = await cloud.SendAsync(HttpMethod.Post, "image", "/v2/images",
            new JsonObject { ["name"] = name, ["disk_format"] = "raw", ["container_format"] = "bare", ["visibility"] = "private" }, stop);
        if (made.Status != HttpStatusCode.Created)
            throw new CellsException($"The image {name} could not be made: {(int)made.Status} {made.Fault}");
        var id = (string)made.Body!["id"]!;
        var uploaded = await cloud.UploadAsync("image", $"/v2/images/{id}/file", new byte[64 * 1024], stop);
        return uploaded.IsSuccess ? id : throw new CellsException($"The image {name} could not be uploaded: {(int)uploaded.Status} {uploaded.Fault}");
    }

    /// <summary>A recorded workload knows no quota: the replay's project gets none either.</summary>
    private async Task EnsureQuotaAsync(CancellationToken stop)
    {
        var body = new JsonObject { ["quota_set"] = new JsonObject { ["instances"] = -1, ["cores"] = -1, ["ram"] = -1 } };
        var answer = await cloud.SendAsync(HttpMethod.Put, "compute", $"/os-quota-sets/{cloud.ProjectId}", body, stop);
        if (!answer.IsSuccess)
            throw new CellsException($"The project's quota could not be lifted: {(int)answer.Status} {answer.Fault}. A replay needs the admin role.");
    }
}

internal readonly record struct ReplayProgress(int Creates, int Deletes, int Settled, int Followed);
