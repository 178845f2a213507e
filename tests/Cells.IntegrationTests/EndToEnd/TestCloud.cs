using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>A client of a running tree with the words of these tests. It uses the door, like everybody.</summary>
internal sealed class TestCloud(CloudClient client, Func<string> said) : IDisposable
{
    private const string Flavor = "1";                                               // m1.tiny of `cells up`
    private static readonly CancellationToken None = CancellationToken.None;

    public async Task LiftQuotaAsync()
    {
        var body = new JsonObject { ["quota_set"] = new JsonObject { ["instances"] = -1, ["cores"] = -1, ["ram"] = -1 } };
        Check(await client.SendAsync(HttpMethod.Put, "compute", $"/os-quota-sets/{client.ProjectId}", body, None), HttpStatusCode.OK);
    }

    public async Task<string> NewImageAsync(string name)
    {
        var made = Check(
            await client.SendAsync(HttpMethod.Post, "image", "/v2/images", new JsonObject { ["name"] = name, ["disk_format"] = "raw", ["container_format"] = "bare" }, None),
            HttpStatusCode.Created);
        var id = (string)made!["id"]!;
        Check(await client.UploadAsync("image", $"/v2/images/{id}/file", new byte[100_000], None), HttpStatusCode.NoContent);
        return id;
    }

    /// <returns>The accepted server's id.</returns>
    public async Task<string> CreateAsync(string name, string image)
    {
        var body = new JsonObject { ["server"] = new JsonObject { ["name"] = name, ["flavorRef"] = Flavor, ["imageRef"] = image } };
        return (string)Check(await client.SendAsync(HttpMethod.Post, "compute", "/servers", body, None), HttpStatusCode.Accepted)!["server"]!["id"]!;
    }

    public async Task DeleteAsync(string id) => Check(await client.SendAsync(HttpMethod.Delete, "compute", $"/servers/{id}", null, None), HttpStatusCode.NoContent);

    public async Task<IReadOnlyList<Shown>> ServersAsync() =>
        [.. (await client.GetAsync("compute", "/servers/detail?limit=1000", None))["servers"]!.AsArray().Select(s => Shown.Of(s!))];

    public async Task<JsonArray> HostsAsync() => (await client.GetAsync("cells", "/hosts", None))["hosts"]!.AsArray();

    public async Task<JsonArray> CellsAsync() => (await client.GetAsync("cells", "/cells", None))["cells"]!.AsArray();

    /// <summary>What stands in the way of the top cell's own links, in words.</summary>
    public async Task<IReadOnlyList<string>> LinkProblemsAsync() =>
        [.. (await client.GetAsync("cells", "/links", None))["links"]!.AsArray().Select(link => (string?)link!["problem"]).OfType<string>()];

    public IAsyncEnumerable<SseItem<string>> FollowAsync(string path, CancellationToken stop) => client.FollowAsync("cells", path, stop);

    public async Task<JsonNode> ExplainAsync(string id) => await client.GetAsync("cells", $"/explanations/{id}", None);

    public async Task<int> InstancesUsedAsync() => (int)(await client.GetAsync("compute", "/limits", None))["limits"]!["absolute"]!["totalInstancesUsed"]!;

    /// <summary>Waits until a server shows one of these words.</summary>
    public async Task<Shown> UntilAsync(string id, TimeSpan within, params string[] statuses) => (await Eventually.SeeAsync(
        $"server {id} is {string.Join(" or ", statuses)}", within,
        async () => (await ServersAsync()).SingleOrDefault(s => s.Id == id), s => s is not null && statuses.Contains(s.Status)))!;

    /// <summary>Waits until a server shows that word and nothing is under way with it.</summary>
    public async Task<Shown> UntilIdleAsync(string id, TimeSpan within, string status) => (await Eventually.SeeAsync(
        $"server {id} is {status} and idle", within,
        async () => (await ServersAsync()).SingleOrDefault(s => s.Id == id), s => s is { Task: null } && s.Status == status))!;

    /// <summary>Deletes every server there is, and waits until none is shown.</summary>
    public async Task DeleteAllAsync(TimeSpan within)
    {
        await Task.WhenAll((await ServersAsync()).Where(s => s.Task != "deleting").Select(s => DeleteAsync(s.Id)));
        await Eventually.SeeAsync("no server is left", within, async () => string.Join(", ", await ServersAsync()), left => left.Length == 0);
    }

    public void Dispose() => client.Dispose();

    private JsonNode? Check(CloudAnswer answer, HttpStatusCode expected)
    {
        Assert.That(answer.Status, Is.EqualTo(expected), $"{answer.Text}\n--- cells up said:\n{said()}");
        return answer.Body;
    }
}

/// <summary>What a server shows of itself.</summary>
internal sealed record Shown(string Id, string Name, string Status, string? Task, int Power, string? Fault)
{
    public static Shown Of(JsonNode server) => new(
        (string)server["id"]!, (string)server["name"]!, (string)server["status"]!, (string?)server["OS-EXT-STS:task_state"],
        (int)server["OS-EXT-STS:power_state"]!, (string?)server["fault"]?["message"]);
}
