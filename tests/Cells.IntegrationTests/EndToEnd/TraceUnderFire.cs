using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Replay;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>
/// Replays a trace's creates and deletes, in its order and evenly spread, against a tree whose processes die meanwhile, as a patient client: a delete is asked for until it is answered; a
/// create is sent once, and one without an answer may or may not have been taken.
/// </summary>
internal sealed class TraceUnderFire(CloudClient cloud, string image, TimeSpan lasts)
{
    private static readonly TimeSpan DeletePatience = TimeSpan.FromMinutes(2), AskAgainAfter = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<int, Task<string?>> _creates = new();
    private readonly ConcurrentDictionary<string, bool> _accepted = new();
    private readonly ConcurrentDictionary<string, bool> _deleted = new();
    private readonly ConcurrentDictionary<string, bool> _unanswered = new();

    public int Accepted => _accepted.Count;

    /// <summary>Ids of accepted servers whose delete was not accepted too.</summary>
    public IReadOnlyList<string> Kept => [.. _accepted.Keys.Where(id => !_deleted.ContainsKey(id))];

    /// <summary>Names of servers that may be there, because nobody answered.</summary>
    public IReadOnlyCollection<string> Unanswered => [.. _unanswered.Keys];

    public async Task RunAsync(IReadOnlyList<TraceEvent> events)
    {
        foreach (var (vcpus, memory) in events.Select(e => (e.Row.Vcpus, e.Row.MemoryMib)).Distinct())
            await AnsweredAsync(HttpMethod.Post, "/flavors", new JsonObject
            {
                ["flavor"] = new JsonObject { ["id"] = Flavor(vcpus, memory), ["name"] = Flavor(vcpus, memory), ["vcpus"] = vcpus, ["ram"] = memory, ["disk"] = 1 },
            });
        var began = Stopwatch.GetTimestamp();
        var requests = new List<Task>();
        foreach (var e in events)
        {
            var due = (lasts * requests.Count / events.Count) - Stopwatch.GetElapsedTime(began);
            if (due > TimeSpan.Zero)
                await Task.Delay(due);
            requests.Add(e.IsDelete ? DeleteAsync(e.Row) : _creates[e.Row.Line] = CreateAsync(e.Row));
        }
        await Task.WhenAll(requests);
    }

    private async Task<string?> CreateAsync(TraceRow row)
    {
        var name = $"trace-{row.Line}";
        try
        {
            var answer = await cloud.SendAsync(HttpMethod.Post, "compute", "/servers", new JsonObject
            {
                ["server"] = new JsonObject { ["name"] = name, ["flavorRef"] = Flavor(row.Vcpus, row.MemoryMib), ["imageRef"] = image },
            }, CancellationToken.None);
            if (answer.Status == HttpStatusCode.Accepted)
            {
                var id = (string)answer.Body!["server"]!["id"]!;
                _accepted[id] = true;
                return id;
            }
            // 503: the cell could not say whether it has it; anything else is a plain no.
            if ((int)answer.Status >= 500)
                _unanswered[name] = true;
        }
        catch (CellsException)
        {
            _unanswered[name] = true;
        }
        return null;
    }

    private async Task DeleteAsync(TraceRow row)
    {
        if (!_creates.TryGetValue(row.Line, out var create) || await create is not { } id)
            return;
        _deleted[id] = true;                      // from the first try on it may be taken
        await AnsweredAsync(HttpMethod.Delete, $"/servers/{id}", null);
    }

    private async Task AnsweredAsync(HttpMethod method, string path, JsonObject? body)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                var answer = await cloud.SendAsync(method, "compute", path, body?.DeepClone(), CancellationToken.None);
                if ((int)answer.Status < 500)
                    return;
            }
            catch (CellsException) when (Stopwatch.GetElapsedTime(began) < DeletePatience)
            {
                // The door is away: its process has just been killed.
            }
            if (Stopwatch.GetElapsedTime(began) > DeletePatience)
                throw new CellsException($"{method} {path} got no answer within {DeletePatience}.");
            await Task.Delay(AskAgainAfter);
        }
    }

    private static string Flavor(int vcpus, long memoryMib) => string.Create(CultureInfo.InvariantCulture, $"fire.{vcpus}c-{memoryMib}m");
}
