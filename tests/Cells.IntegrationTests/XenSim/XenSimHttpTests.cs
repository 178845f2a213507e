using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cells.XenSim.Faults;
using Cells.XenSim.Fleet;
using NUnit.Framework;

namespace Cells.IntegrationTests.XenSim;

/// <summary>The simulator over real sockets.</summary>
public sealed class XenSimHttpTests
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private XenSimFleet _fleet = null!;

    [SetUp]
    public async Task StartFleet() =>
        _fleet = await XenSimFleet.StartAsync(XenSimFleetOptions.Standalone(2, "secret") with { ControlPort = 0 }, TimeProvider.System, CancellationToken.None);

    [TearDown]
    public async Task StopFleet()
    {
        await _fleet.DisposeAsync();
        _http.Dispose();
    }

    [Test]
    public async Task Each_host_listens_on_its_own_port_and_answers_for_itself()
    {
        Assert.That(_fleet.Hosts.Select(h => h.Url.Port).Distinct().Count(), Is.EqualTo(2));
        foreach (var host in _fleet.Hosts)
        {
            var session = await LoginAsync(host.Url);
            var hosts = await CallAsync(host.Url, "host.get_all_records", session);
            Assert.That(hosts.EnumerateObject().Single().Value.GetProperty("uuid").GetString(), Is.EqualTo(host.Uuid));
        }
    }

    [TestCase("jsonrpc")]
    [TestCase("json")]
    [TestCase("jsonrpc/")]
    public async Task The_content_type_has_no_charset_whatever_path_was_taken(string path)
    {
        using var response = await _http.PostAsync(new Uri(_fleet.Hosts[0].Url, path), Body("""{"method":"system.isAlive","params":["x"],"id":1}"""));

        Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/json"));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("""{"result":"x","error":null,"id":1}"""));
    }

    [TestCase("")]
    [TestCase("RPC2")]
    [TestCase("xmlrpc")]
    public async Task What_is_posted_elsewhere_is_XML_RPC(string path)
    {
        using var response = await _http.PostAsync(
            new Uri(_fleet.Hosts[0].Url, path), new StringContent("<methodCall><methodName>system.isAlive</methodName><params><param><value>x</value></param></params></methodCall>"));

        Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("text/xml"));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain("<name>Status</name><value>Success</value>").And.Contain("<name>Value</name><value>x</value>"));
    }

    [Test]
    public async Task What_is_malformed_is_500_HTML_and_what_is_too_long_413()
    {
        using var malformed = await _http.PostAsync(Rpc(0), Body("{"));
        using var tooLong = await _http.PostAsync(Rpc(0), Body(new string(' ', 400_000)));
        using var foreign = await _http.GetAsync(new Uri(_fleet.Hosts[0].Url, "_sim/accounting"));

        Assert.That((malformed.StatusCode, malformed.Content.Headers.ContentType!.MediaType), Is.EqualTo((HttpStatusCode.InternalServerError, "text/html")));
        Assert.That(tooLong.StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
        Assert.That(foreign.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), "a host has no control door");
    }

    [Test]
    public async Task An_image_is_streamed_in_and_its_digest_is_kept()
    {
        var url = _fleet.Hosts[0].Url;
        var session = await LoginAsync(url);
        var sr = (await CallAsync(url, "SR.get_all", session))[0].GetString();
        var disk = (await CallAsync(url, "VDI.create", session, new
        {
            SR = sr, virtual_size = 64 << 20, type = "user", sharable = false, read_only = false, other_config = new { },
        })).GetString();
        var task = (await CallAsync(url, "task.create", session, "import", "")).GetString();
        var bytes = RandomNumberGenerator.GetBytes(40 << 20);

        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(url, $"import_raw_vdi?session_id={session}&task_id={task}&vdi={disk}&format=raw"));
        request.Content = new ByteArrayContent(bytes);
        request.Headers.ExpectContinue = true;
        using var response = await _http.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Headers.GetValues("task-id").Single(), Is.EqualTo(task));
        Assert.That((await CallAsync(url, "task.get_status", session, task!)).GetString(), Is.EqualTo("success"));
        Assert.That(_fleet.Account()[0].Disks.Single().ContentSha256, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }

    [Test]
    public async Task A_client_that_hangs_up_after_sending_everything_has_imported_it()
    {
        var url = _fleet.Hosts[0].Url;
        var session = await LoginAsync(url);
        var sr = (await CallAsync(url, "SR.get_all", session))[0].GetString();
        var disk = (await CallAsync(url, "VDI.create", session, new
        {
            SR = sr, virtual_size = 64 << 20, type = "user", sharable = false, read_only = false, other_config = new { },
        })).GetString();
        var task = (await CallAsync(url, "task.create", session, "import", "")).GetString();
        var token = (await CallAsync(url, "event.from", session, new[] { $"task/{task}" }, "", 1.0)).GetProperty("token").GetString();

        using (var request = new HttpRequestMessage(HttpMethod.Put, new Uri(url, $"import_raw_vdi?session_id={session}&task_id={task}&vdi={disk}&format=raw")))
        {
            request.Content = new ByteArrayContent(new byte[40 << 20]);
            request.Headers.ExpectContinue = true;
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }
        await CallAsync(url, "event.from", session, new[] { $"task/{task}" }, token!, 30.0);

        Assert.That((await CallAsync(url, "task.get_status", session, task!)).GetString(), Is.EqualTo("success"));
        Assert.That(_fleet.Account()[0].Disks.Single().ContentLength, Is.EqualTo(40 << 20));
    }

    [Test]
    public async Task An_import_without_a_session_is_unauthorised()
    {
        using var response = await _http.PutAsync(new Uri(_fleet.Hosts[0].Url, "import_raw_vdi?session_id=OpaqueRef:no&vdi=x"), new ByteArrayContent([1, 2, 3]));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task A_long_poll_is_answered_when_something_changes()
    {
        var url = _fleet.Hosts[0].Url;
        var session = await LoginAsync(url);
        var pool = (await CallAsync(url, "pool.get_all", session))[0].GetString();
        var token = (await CallAsync(url, "event.from", session, new[] { "pool" }, "", 1.0)).GetProperty("token").GetString();

        var poll = CallAsync(url, "event.from", session, new[] { "pool" }, token!, 30.0);
        await CallAsync(url, "pool.add_to_other_config", session, pool!, "k", "v");
        var answer = await poll;

        Assert.That(answer.GetProperty("events")[0].GetProperty("operation").GetString(), Is.EqualTo("mod"));
    }

    [Test]
    public async Task A_lost_answer_is_a_broken_connection_and_the_effect_is_there()
    {
        var url = _fleet.Hosts[1].Url;
        var session = await LoginAsync(url);
        var pool = (await CallAsync(url, "pool.get_all", session))[0].GetString();
        _fleet.Inject(new SimFault.OnCall("pool.add_to_other_config", FaultKind.LoseAnswer), "host-2");

        Assert.ThrowsAsync<HttpRequestException>(() => CallAsync(url, "pool.add_to_other_config", session, pool!, "k", "v"));

        Assert.That((await CallAsync(url, "pool.get_other_config", session, pool!)).GetProperty("k").GetString(), Is.EqualTo("v"));
    }

    [Test]
    public async Task The_control_door_takes_faults_and_tells_what_runs()
    {
        var control = _fleet.ControlUrl!;
        using var bad = await _http.PostAsync(new Uri(control, "_sim/faults"), Body("""{"fault":"earthquake"}"""));
        using var unknown = await _http.PostAsync(new Uri(control, "_sim/faults?host=nobody"), Body("""{"fault":"clear-all"}"""));
        using var good = await _http.PostAsync(new Uri(control, "_sim/faults"), Body("""{"fault":"foreign-vm","host":"host-1","name":"theirs","memoryBytes":1073741824,"vcpus":1}"""));
        using var rule = await _http.PostAsync(new Uri(control, "_sim/faults?host=host-1"), Body("""{"fault":"on-call","method":"pool.get_all","kind":"fail","code":"INTERNAL_ERROR","parameters":["asked"]}"""));

        using var slow = await _http.PostAsync(new Uri(control, "_sim/faults"), Body("""{"fault":"set-latency","profile":{"byMethod":{"VM.start_on":{"shape":"uniform","from":"00:00:03","to":"00:00:08"}}}}"""));

        var accounts = await _http.GetFromJsonAsync<JsonElement>(new Uri(control, "_sim/accounting"));

        Assert.That((bad.StatusCode, unknown.StatusCode, good.StatusCode, rule.StatusCode, slow.StatusCode),
            Is.EqualTo((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.NoContent)));
        Assert.That(accounts[0].GetProperty("domains")[0].GetProperty("name").GetString(), Is.EqualTo("theirs"));
        var session = await LoginAsync(_fleet.Hosts[0].Url);
        Assert.ThrowsAsync<InvalidOperationException>(() => CallAsync(_fleet.Hosts[0].Url, "pool.get_all", session));
    }

    [Test]
    public async Task A_fleet_on_a_data_directory_comes_back_at_the_same_addresses_with_its_vms()
    {
        var directory = Directory.CreateTempSubdirectory("xensim-").FullName;
        try
        {
            var options = XenSimFleetOptions.Standalone(2, "secret") with { DataDirectory = directory, ReadyFile = Path.Combine(directory, "ready.json") };
            IReadOnlyList<XenSimHostEndpoint> before;
            await using (var fleet = await XenSimFleet.StartAsync(options, TimeProvider.System, CancellationToken.None))
            {
                before = fleet.Hosts;
                fleet.Inject(new SimFault.ForeignVm("host-2", "stays", 1L << 30, 1));
                Assert.ThrowsAsync<IOException>(() => XenSimFleet.StartAsync(options, TimeProvider.System, CancellationToken.None), "the directory is held");
            }

            await using var again = await XenSimFleet.StartAsync(options, TimeProvider.System, CancellationToken.None);

            Assert.That(again.Hosts, Is.EqualTo(before));
            Assert.That(before.Select(h => h.Url.Port), Is.Unique.And.All.LessThan(32_768), "no outgoing connection takes it while the fleet is away");
            Assert.That(again.Account()[1].Domains.Single().Name, Is.EqualTo("stays"));
            using var ready = JsonDocument.Parse(await File.ReadAllTextAsync(options.ReadyFile!));
            Assert.That(ready.RootElement.GetProperty("hosts")[1].GetProperty("uuid").GetString(), Is.EqualTo(before[1].Uuid));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Test]
    public async Task Latency_passes_before_the_answer()
    {
        _fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("pool.get_all", new Latency.Uniform(TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(200)))));
        var session = await LoginAsync(_fleet.Hosts[0].Url);
        var asked = TimeProvider.System.GetTimestamp();

        await CallAsync(_fleet.Hosts[0].Url, "pool.get_all", session);

        Assert.That(TimeProvider.System.GetElapsedTime(asked), Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(195)));
    }

    private Uri Rpc(int host) => new(_fleet.Hosts[host].Url, "jsonrpc");

    private async Task<string> LoginAsync(Uri url) => (await CallAsync(url, "session.login_with_password", "root", "secret", "1.0", "test")).GetString()!;

    private async Task<JsonElement> CallAsync(Uri url, string method, params object[] parameters)
    {
        using var response = await _http.PostAsync(new Uri(url, "jsonrpc"), Body(JsonSerializer.Serialize(new { jsonrpc = "2.0", method, @params = parameters, id = 1 })));
        var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return answer.TryGetProperty("result", out var result) ? result : throw new InvalidOperationException(answer.GetProperty("error").GetRawText());
    }

    private static StringContent Body(string text)
    {
        var content = new StringContent(text, Encoding.UTF8);
        content.Headers.ContentType = new("application/json");
        return content;
    }
}
