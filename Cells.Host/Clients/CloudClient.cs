using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cells.Contracts;

namespace Cells.Host.Clients;

/// <summary>
/// A plain client of the tree's HTTP interfaces: enters by Keystone v3, finds the services in the catalog, renews its token. The commands and
/// the replay use it as any other client would; it has no side door.
/// </summary>
internal sealed class CloudClient : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly OpenRc _rc;
    private Dictionary<string, string> _catalog = [];
    private string _token = "";

    private CloudClient(OpenRc rc)
    {
        _rc = rc;
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256, PooledConnectionLifetime = TimeSpan.FromMinutes(10) }) { Timeout = CallTimeout };
    }

    public string ProjectId { get; private set; } = "";
    public string UserId { get; private set; } = "";

    /// <exception cref="CellsException">Nobody answers at the URL, or the entry was refused.</exception>
    public static async Task<CloudClient> EnterAsync(OpenRc rc, CancellationToken stop)
    {
        var client = new CloudClient(rc);
        await client.RenewTokenAsync(stop);
        return client;
    }

    /// <summary>The public URL of a service type of the catalog, such as <c>compute</c>, <c>image</c>, <c>cells</c>.</summary>
    public string Endpoint(string type) => _catalog.TryGetValue(type, out var url)
        ? url.TrimEnd('/')
        : throw new CellsException($"The catalog at {_rc.AuthUrl} has no service of type '{type}'. It has: {string.Join(", ", _catalog.Keys.Order())}.");

    /// <exception cref="CellsException">The status is not a success; the message holds the service's own words.</exception>
    public async Task<JsonNode> GetAsync(string type, string path, CancellationToken stop)
    {
        var answer = await SendAsync(HttpMethod.Get, type, path, null, stop);
        return answer.IsSuccess
            ? answer.Body ?? throw new CellsException($"GET {path}: an empty answer.")
            : throw answer.Refusal($"GET {path}");
    }

    public Task<CloudAnswer> SendAsync(HttpMethod method, string type, string path, JsonNode? body, CancellationToken stop) =>
        SendAsync(method, Endpoint(type) + path, () => body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"), stop);

    /// <summary>The same, with the answer as it came: for who measures, and would measure the reading too.</summary>
    public async Task<(HttpStatusCode Status, string Text)> SendUnreadAsync(HttpMethod method, string type, string path, JsonNode? body, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, Endpoint(type) + path);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        request.Headers.Add("X-Auth-Token", _token);
        using var response = await _http.SendAsync(request, stop);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(stop));
    }

    /// <summary>Uploads bytes, as Glance's PUT .../file wants them.</summary>
    public Task<CloudAnswer> UploadAsync(string type, string path, byte[] bytes, CancellationToken stop) =>
        SendAsync(HttpMethod.Put, Endpoint(type) + path, () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } }, stop);

    /// <summary>Follows a stream of Server-Sent Events until the service or the reader ends it.</summary>
    /// <exception cref="CellsException">It was refused, or the connection broke.</exception>
    public async IAsyncEnumerable<SseItem<string>> FollowAsync(string type, string path, [EnumeratorCancellation] CancellationToken stop)
    {
        var url = Endpoint(type) + path;
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Add("X-Auth-Token", _token);
        using var response = await Reached(url, () => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop));
        if (!response.IsSuccessStatusCode)
        {
            var text = await response.Content.ReadAsStringAsync(stop);
            throw new CloudAnswer(response.StatusCode, Parse(text), text).Refusal($"GET {path}");
        }
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        var events = SseParser.Create(body).EnumerateAsync(stop).GetAsyncEnumerator(stop);
        await using var ending = events.ConfigureAwait(false);
        while (await Reached(url, () => events.MoveNextAsync().AsTask()))
            yield return events.Current;
    }

    public void Dispose() => _http.Dispose();

    private static async Task<T> Reached<T>(string url, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new CommandFailed(ExitCode.Unreachable, $"{url}: the connection broke ({error.Message}).", error);
        }
    }

    private async Task<CloudAnswer> SendAsync(HttpMethod method, string url, Func<HttpContent?> content, CancellationToken stop)
    {
        var answer = await OnceAsync(method, url, content(), stop);
        if (answer.Status != HttpStatusCode.Unauthorized)
            return answer;
        await RenewTokenAsync(stop);
        return await OnceAsync(method, url, content(), stop);
    }

    private async Task<CloudAnswer> OnceAsync(HttpMethod method, string url, HttpContent? content, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        request.Headers.Add("X-Auth-Token", _token);
        try
        {
            using var response = await _http.SendAsync(request, stop);
            var text = await response.Content.ReadAsStringAsync(stop);
            return new CloudAnswer(response.StatusCode, Parse(text), text)
            {
                RequestId = response.Headers.TryGetValues("x-openstack-request-id", out var ids) ? ids.FirstOrDefault() : null,
            };
        }
        catch (HttpRequestException error)
        {
            throw new CommandFailed(ExitCode.Unreachable, $"{method} {url}: no answer ({error.Message}). {_rc.WayBack}", error);
        }
        catch (TaskCanceledException error) when (!stop.IsCancellationRequested)
        {
            throw new CommandFailed(ExitCode.Unreachable, $"{method} {url}: no answer within {CallTimeout.TotalSeconds:0} s.", error);
        }
    }

    private async Task RenewTokenAsync(CancellationToken stop)
    {
        var body = new JsonObject
        {
            ["auth"] = new JsonObject
            {
                ["identity"] = new JsonObject
                {
                    ["methods"] = new JsonArray("password"),
                    ["password"] = new JsonObject
                    {
                        ["user"] = new JsonObject { ["name"] = _rc.User, ["password"] = _rc.Password, ["domain"] = new JsonObject { ["name"] = _rc.UserDomain } },
                    },
                },
                ["scope"] = new JsonObject
                {
                    ["project"] = new JsonObject { ["name"] = _rc.Project, ["domain"] = new JsonObject { ["name"] = _rc.ProjectDomain } },
                },
            },
        };
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        try
        {
            using var response = await _http.PostAsync($"{_rc.AuthUrl.ToString().TrimEnd('/')}/auth/tokens", content, stop);
            var text = await response.Content.ReadAsStringAsync(stop);
            if (response.StatusCode != HttpStatusCode.Created)
throw (int)response.StatusCode >= 500
                    ? new CellsException($"{_rc.AuthUrl} lets nobody in now: {(int)response.StatusCode} {new CloudAnswer(response.StatusCode, Parse(text), text).Fault}")
                    : new CellsException($"{_rc.AuthUrl} does not let user '{_rc.User}' into project '{_rc.Project}': {(int)response.StatusCode} {new CloudAnswer(response.StatusCode, Parse(text), text).Fault}");
            _token = response.Headers.GetValues("X-Subject-Token").Single();
            var token = JsonNode.Parse(text)!["token"]!;
            ProjectId = (string)token["project"]!["id"]!;
            UserId = (string)token["user"]!["id"]!;
            _catalog = token["catalog"]!.AsArray().ToDictionary(
                s => (string)s!["type"]!,
                s => (string)s!["endpoints"]!.AsArray().First(e => (string)e!["interface"]! == "public")!["url"]!);
        }
        catch (HttpRequestException error)
        {
            throw new CommandFailed(ExitCode.Unreachable, $"Nobody answers at {_rc.AuthUrl} ({error.Message}). {_rc.WayBack}", error);
        }
        catch (TaskCanceledException error) when (!stop.IsCancellationRequested)
        {
            throw new CommandFailed(ExitCode.Unreachable, $"{_rc.AuthUrl} does not answer within {CallTimeout.TotalSeconds:0} s.", error);
        }
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;                                    // not JSON: the raw text is kept beside it and shown
        }
    }
}

/// <param name="Body">Null when the answer was empty or not JSON.</param>
internal sealed record CloudAnswer(HttpStatusCode Status, JsonNode? Body, string Text)
{
    /// <summary>By which the service knows what it was asked; null from one that gives none.</summary>
    public string? RequestId { get; init; }

    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>The service's own words for what went wrong: the message of the error body, else its text.</summary>
    public string Fault => (Body as JsonObject)?.Select(p => p.Value as JsonObject).FirstOrDefault(o => o?["message"] is not null)?["message"]?.ToString() ?? Text;

    /// <summary>What a command ends with: a 404 in the service's own words, anything else with what was asked.</summary>
    public CommandFailed Refusal(string asked) => Status == HttpStatusCode.NotFound && Body is not null
        ? new CommandFailed(ExitCode.NotFound, Fault)
        : new CommandFailed(ExitCode.Failed, $"{asked}: {(int)Status} {Fault}");
}
