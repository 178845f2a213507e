using System.Collections.Concurrent;
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
internal sealed partial class ReplayRun(CloudClient cloud, TimeProvider time, double speed, Action<ReplayProgress> progress)
{
    /// <summary>How many requests may be under way at once: enough to load a tree, few enough not to be an attack.</summary>
    private const int Concurrency = 32;

    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the run waits, after its last request, for servers to settle.</summary>
    private static readonly TimeSpan SettleWithin = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan LookAtFillEvery = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FillStandsStillFor = TimeSpan.FromSeconds(3), FillWithin = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<int, Followed> _byLine = new();
    private readonly ConcurrentDictionary<string, Followed> _byId = new();
    private readonly Dictionary<(int Vcpus, long MemoryMib), string> _flavors = [];
    private readonly Percentiles _accept = new();
    private readonly Percentiles _active = new();
    private readonly Percentiles _late = new();
    private readonly Lock _figures = new();
    private readonly Timeline _timeline = new();
    private long _started;
    private int _creates, _deletes;

    public async Task<ReplaySummary> RunAsync(IReadOnlyList<TraceEvent> events, CancellationToken stop)
    {
        if (events.Count == 0)
            throw new CellsException("The trace has no requests: nothing to replay.");
        var image = await EnsureImageAsync(stop);
        await EnsureQuotaAsync(stop);
        foreach (var size in events.Select(e => (e.Row.Vcpus, e.Row.MemoryMib)).Distinct().Order())
            _flavors[size] = await EnsureFlavorAsync(size.Vcpus, size.MemoryMib, stop);

        _started = time.GetTimestamp();
        using var polling = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var poller = PollAsync(polling.Token);
        var filling = WatchFillAsync(polling.Token);
        using var slots = new SemaphoreSlim(Concurrency);
        var requests = new List<Task>(events.Count);
        foreach (var e in events)
        {
            await WaitForAsync(e.At - events[0].At, stop);
            await slots.WaitAsync(stop);
            if (speed > 0)
                _late.Add(Late(e.At - events[0].At));
            if (requests.Find(r => r.IsFaulted) is { } failed)
                await failed;
            requests.RemoveAll(r => r.IsCompletedSuccessfully);
            requests.Add(InSlotAsync(slots, e.IsDelete ? DeleteAsync(e.Row, stop) : CreateAsync(e.Row, image, stop)));
        }
        await Task.WhenAll(requests);
        var allSent = Now;
        await SettleAsync(stop);
        var wall = Now;
        await polling.CancelAsync();
        await poller;
        await filling;
        return await SummaryAsync(events.Count, wall, wall - allSent, stop);
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

    private TimeSpan Now => time.GetElapsedTime(_started);

    /// <summary>How long after its moment in the trace a request is sent, because the tree or this client was slower than the trace.</summary>
    private TimeSpan Late(double traceSeconds) => Now - TimeSpan.FromSeconds(traceSeconds / speed) is var late && late > TimeSpan.Zero ? late : TimeSpan.Zero;

    private async Task WaitForAsync(double traceSeconds, CancellationToken stop)
    {
        if (speed <= 0)
            return;
        var due = TimeSpan.FromSeconds(traceSeconds / speed) - Now;
        if (due > TimeSpan.Zero)
            await Task.Delay(due, time, stop);
    }

    private async Task CreateAsync(TraceRow row, string image, CancellationToken stop)
    {
        Interlocked.Increment(ref _creates);
        var followed = _byLine[row.Line] = new Followed();
        var sent = time.GetTimestamp();
        var at = Now;
        _timeline.Created(at);
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
        _timeline.Answered(at, time.GetElapsedTime(sent));
        if (answer.Status != HttpStatusCode.Accepted)
        {
            followed.End(Ending.NotAccepted, $"{(int)answer.Status} {answer.Fault}");
            _timeline.Refused(Now);
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
        _timeline.Deleted(Now);
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
            if (_byId[id].Gone())
                _timeline.Withdrawn(Now);
    }

    private void See(Followed followed, JsonObject server)
    {
        switch ((string)server["status"]!)
        {
            case "ACTIVE" or "SHUTOFF" when followed.End(Ending.Placed, ""):
                var took = time.GetElapsedTime(followed.Sent);
                lock (_figures)
                    _active.Add(took);
                _timeline.Placed(Now, took);
                break;
            case "ERROR" when followed.End(Ending.Refused, Reason((string?)server["fault"]?["message"] ?? "no reason given")):
                _timeline.Refused(Now);
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

    private async Task<ReplaySummary> SummaryAsync(int requests, TimeSpan wall, TimeSpan settle, CancellationToken stop)
    {
        var all = _byLine.Values.ToList();
        var failed = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var f in all.Where(f => f.Ending is Ending.Refused or Ending.NotAccepted or Ending.DeletedWhileBuilding))
            failed[f.Reason] = failed.GetValueOrDefault(f.Reason) + 1;
        return new ReplaySummary(
            requests, _creates, _deletes, all.Count(f => f.Id is not null), all.Count(f => f.Ending == Ending.Placed), all.Count(f => f.IsGone),
            failed, all.Count(f => !f.IsSettled), Math.Round(wall.TotalSeconds, 1), Math.Round(settle.TotalSeconds, 1), Latency.Of(_late), Latency.Of(_accept), Latency.Of(_active),
            await SettledFillAsync(stop), _timeline.Intervals(wall));
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

    private async Task WatchFillAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                _timeline.Filled(Now, await FillAsync(stop));
                await Task.Delay(LookAtFillEvery, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
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
}

internal readonly record struct ReplayProgress(int Creates, int Deletes, int Settled, int Followed);
