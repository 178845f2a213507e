using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>What `cells up` shows of itself: one trace from the request to the hypervisor, metrics, health, and no secret in any of it.</summary>
public sealed class TelemetryTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Test]
    public async Task A_created_server_is_one_trace_across_three_cells_and_nothing_that_is_sent_holds_a_secret()
    {
        TestCluster.RequirePostgres();
        using var sink = new OtlpSink();
        var data = TestCluster.NewDirectory();
        try
        {
            var topology = Path.Combine(data, "topology.yaml");
            await File.WriteAllTextAsync(topology, """
                cells:
                  - { name: global, kind: api }
                  - { name: east, kind: routing, parent: global }
                  - { name: east-1, kind: compute, parent: east, simulated_hosts: 1 }
                """);
            await using var up = await CellsUp.StartAsync(data, "--topology", topology, "--otlp", sink.Url);
            using var cloud = await up.EnterAsync();
            var image = await cloud.NewImageAsync("traced");
            using var http = new HttpClient { BaseAddress = up.Door };
            var token = await LogInAsync(http, up);
            const string adminPass = "canary-admin-password";

            var key = await CreateKeyAsync(http, token);
            var server = await CreateAsync(http, token, image, adminPass);
            await cloud.UntilAsync(server, Patience, "ACTIVE");
            var trace = await Eventually.SeeAsync(
                "the trace of the create", Patience, () => Task.FromResult(TraceOf(sink.Spans, server)), spans => spans.Any(span => span.Name == "step seen-running"));
            var metrics = await http.GetStringAsync("/metrics");
            var live = await http.GetAsync(new Uri("/livez", UriKind.Relative));
            var ready = await http.GetAsync(new Uri("/readyz?verbose", UriKind.Relative));
            await Eventually.SeeAsync("all three signals", Patience, () => Task.FromResult(sink.Signals), signals => signals.Count == 3);

            // One root, and everybody else below somebody of the same trace.
            var ids = trace.Select(span => span.Id).ToHashSet();
            Assert.That(trace.Where(span => !ids.Contains(span.Parent)).Select(span => (span.Kind, span.Parent)), Is.EqualTo(new[] { (2ul, "") }), string.Join("; ", trace));
            Assert.That(CellsOf(trace, "dispatch Build"), Is.EqualTo(new[] { "east", "global" }));
            Assert.That(CellsOf(trace, "place"), Is.EqualTo(new[] { "east-1" }));
            Assert.That(CellsOf(trace, "dispatch Placed"), Is.EqualTo(new[] { "east", "global" }));
            var start = trace.Single(span => span.Name == "step start");
            Assert.That(trace.Where(span => span.Name == "XenAPI Async.VM.start_on").Select(span => (span.Parent, span.Kind)), Is.EqualTo(new[] { (start.Id, 3ul) }));

            Assert.That(metrics, Does.Contain("cells_placements_total{cell=\"east-1\",outcome=\"placed\"} 1\n"));
            Assert.That(metrics, Does.Contain("cells_hosts{cell=\"east-1\",status=\"up\"} 1\n"));
            Assert.That(metrics, Does.Contain("cells_links_up{cell=\"global\",neighbour=\"east\"} 1\n"));
            Assert.That(metrics, Does.Contain("cells_xenapi_call_duration_seconds_count{").And.Contain("cells_committer_group_duration_seconds_bucket{"));
            Assert.That((live.StatusCode, ready.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
            Assert.That(await ready.Content.ReadAsStringAsync(), Is.EqualTo("[+] database: answers\n[+] actors: run\n[+] child east: heard\nready\n"));

            Assert.That(sink.Holds(server), Is.True, "what is sent can be searched");
            var hostPassword = (await File.ReadAllTextAsync(Directory.GetFiles(data, "*host*password*", SearchOption.AllDirectories)[0])).Trim();
            foreach (var (what, secret) in new[] { ("token", token), ("its signature", token[^40..]), ("admin's password", up.AdminPassword), ("adminPass", adminPass), ("private key", key), ("hosts' password", hostPassword) })
                Assert.That(sink.Holds(secret) || metrics.Contains(secret, StringComparison.Ordinal), Is.False, $"{what} was sent");
            Assert.That(sink.Holds("PRIVATE KEY"), Is.False);
        }
        finally
        {
            await CellsUp.RemoveAsync(data);
        }
    }

    [Test]
    public async Task A_collector_that_is_no_url_is_refused_before_anything_starts()
    {
        var ended = await CellsUp.RunCellsAsync("up", "--otlp", "collector:4318");

        Assert.That(ended.Code, Is.Not.Zero);
        Assert.That(ended.Error, Does.Contain("--otlp 'collector:4318' is not the URL of a collector"));
    }

    /// <summary>All spans of the trace in which this server was dispatched first.</summary>
    private static IReadOnlyList<SentSpan> TraceOf(IReadOnlyList<SentSpan> spans, string server) =>
        spans.FirstOrDefault(span => span.Name == "dispatch Build" && span.Tags.GetValueOrDefault("cells.instance") == server) is { } first
            ? [.. spans.Where(span => span.Trace == first.Trace)] : [];

    private static IEnumerable<string> CellsOf(IEnumerable<SentSpan> trace, string name) =>
        trace.Where(span => span.Name == name).Select(span => span.Tags["cells.cell"]).Distinct().Order(StringComparer.Ordinal);

    private static async Task<string> LogInAsync(HttpClient http, CellsUp up)
    {
        using var answer = await http.PostAsJsonAsync("/identity/v3/auth/tokens", new
        {
            auth = new
            {
                identity = new { methods = new[] { "password" }, password = new { user = new { name = "admin", domain = new { id = "default" }, password = up.AdminPassword } } },
                scope = new { project = new { name = "admin", domain = new { name = "Default" } } },
            },
        });
        return answer.Headers.GetValues("X-Subject-Token").Single();
    }

    private static async Task<string> CreateKeyAsync(HttpClient http, string token) =>
        (await SendAsync(http, token, "/compute/v2.1/os-keypairs", new { keypair = new { name = "canary" } })).GetProperty("keypair").GetProperty("private_key").GetString()!.Split('\n')[1];

    private static async Task<string> CreateAsync(HttpClient http, string token, string image, string adminPass) =>
        (await SendAsync(http, token, "/compute/v2.1/servers", new { server = new { name = "traced", flavorRef = "1", imageRef = image, adminPass, key_name = "canary" } }))
            .GetProperty("server").GetProperty("id").GetString()!;

    private static async Task<JsonElement> SendAsync(HttpClient http, string token, string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("X-Auth-Token", token);
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.IsSuccessStatusCode, Is.True, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
