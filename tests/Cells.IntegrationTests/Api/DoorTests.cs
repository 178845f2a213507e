using System.Text;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>What every request meets, whatever it asks for (nova-api: rules for every request).</summary>
public sealed class DoorTests
{
    private static HomeServer Home => SharedHome.Home;

    [TestCase("/", 200)]
    [TestCase("/compute", 200)]
    [TestCase("/compute/", 200)]
    [TestCase("/compute/v2.1", 200)]
    [TestCase("/compute/v2.1/", 200)]
    [TestCase("/identity", 300)]
    [TestCase("/identity/v3", 200)]
    [TestCase("/identity/v3/", 200)]
    [TestCase("/image", 300)]
    [TestCase("/image/versions", 200)]
    public async Task Version_documents_need_no_token(string path, int status)
    {
        var answer = await Home.SendAsync("GET", path);

        Assert.That(answer.Status, Is.EqualTo(status));
        Assert.That(answer.Json.ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Object));
    }

    [Test]
    public async Task The_compute_version_document_states_2_79_and_links_to_itself()
    {
        var version = (await Home.SendAsync("GET", "/compute/v2.1")).Json.GetProperty("version");

        Assert.That(version.GetProperty("id").GetString(), Is.EqualTo("v2.1"));
        Assert.That(version.GetProperty("version").GetString(), Is.EqualTo("2.79"));
        Assert.That(version.GetProperty("min_version").GetString(), Is.EqualTo("2.1"));
        Assert.That(version.GetProperty("links")[0].GetProperty("href").GetString(), Is.EqualTo($"{Home.Url}/compute/v2.1/"));
    }

    [TestCase("POST", "/compute/v2.1/servers", """{"server": {"name": "a", "imageRef": "5b4a7c0e-63e4-4c0c-a5b5-0d0f4f0a0001", "flavorRef": "1", "key_name": "a\u0000"}}""")]
    [TestCase("POST", "/compute/v2.1/servers", """{"server": {"name": "\ud800"}}""")]
    [TestCase("POST", "/image/v2/images", """{"name": "a", "kind": "a\u0000b"}""")]
    [TestCase("GET", "/compute/v2.1/servers?flavor=a%00b", null)]
    [TestCase("GET", "/image/v2/images?name=%00", null)]
    public async Task A_text_that_no_database_can_hold_is_the_senders_mistake(string method, string path, string? body)
    {
        var answer = await Home.AdminAsync(method, path, body);

        Assert.That(answer.Status, Is.EqualTo(400), answer.ToString());
    }

    [TestCase("/compute/v2.1/servers", "unauthorized")]
    [TestCase("/image/v2/images", "error")]
    [TestCase("/identity/v3/projects", "error")]
    public async Task Without_a_token_the_answer_is_401_and_says_where_tokens_are_had(string path, string name)
    {
        foreach (var token in new[] { null, "", "no.such.token", Home.AdminToken[..^2] + "AA" })
        {
            var answer = await Home.SendAsync("GET", path, token: token);

            Assert.That(answer.Status, Is.EqualTo(401), token);
            Assert.That(answer.FaultName, Is.EqualTo(name));
            Assert.That(answer.Json.GetProperty(name).GetProperty("code").GetInt32(), Is.EqualTo(401));
            Assert.That(answer.Header("WWW-Authenticate"), Is.EqualTo($"Keystone uri=\"{Home.Url}/identity\""));
        }
    }

    [Test]
    public async Task Every_compute_answer_has_a_request_id_and_the_version_that_was_used()
    {
        foreach (var (path, status) in new[] { ("/compute/v2.1/servers", 200), ("/compute/v2.1/servers/nothing", 404), ("/compute/v2.1/servers?limit=-1", 400) })
        {
            var answer = await Home.AdminAsync("GET", path);

            Assert.That(answer.Status, Is.EqualTo(status));
            Assert.That(answer.Header("x-openstack-request-id"), Does.Match("^req-[0-9a-f-]{36}$"));
            Assert.That(answer.Header("x-compute-request-id"), Is.EqualTo(answer.Header("x-openstack-request-id")));
            Assert.That(answer.Header("OpenStack-API-Version"), Is.EqualTo("compute 2.1"));
            Assert.That(answer.Header("X-OpenStack-Nova-API-Version"), Is.EqualTo("2.1"));
            Assert.That(answer.Header("Vary"), Does.Contain("OpenStack-API-Version").And.Contain("X-OpenStack-Nova-API-Version"));
            Assert.That(answer.Header("Content-Type"), Is.EqualTo("application/json; charset=UTF-8"));
        }
    }

    [TestCase("OpenStack-API-Version", "compute 2.1", 200)]
    [TestCase("OpenStack-API-Version", "compute latest", 200)]
    [TestCase("OpenStack-API-Version", "identity 3.14", 200)]
    [TestCase("OpenStack-API-Version", "compute 2.79", 200)]
    [TestCase("X-OpenStack-Nova-API-Version", "2.1", 200)]
    [TestCase("X-OpenStack-Nova-API-Version", "latest", 200)]
    [TestCase("OpenStack-API-Version", "compute 2.80", 406)]
    [TestCase("OpenStack-API-Version", "compute 2.0", 406)]
    [TestCase("X-OpenStack-Nova-API-Version", "2.96", 406)]
    [TestCase("OpenStack-API-Version", "compute two", 400)]
    [TestCase("X-OpenStack-Nova-API-Version", "2.1.1", 400)]
    public async Task Microversions_are_negotiated(string header, string value, int status)
    {
        var answer = await Home.AdminAsync("GET", "/compute/v2.1/servers", null, (header, value));

        Assert.That(answer.Status, Is.EqualTo(status));
        if (status == 406)
        {
            Assert.That(answer.FaultName, Is.EqualTo("computeFault"));
            Assert.That(answer.Message, Is.EqualTo($"Version {value.Replace("compute ", "")} is not supported by the API. Minimum is 2.1 and maximum is 2.79."));
        }
    }

    [TestCase("GET", "/compute/v2.1/no-such-thing", 404, "itemNotFound")]
    [TestCase("GET", "/compute/v2.1/os-networks", 404, "itemNotFound")]
    [TestCase("GET", "/compute/v3", 404, "itemNotFound")]
    [TestCase("GET", "/no/such/thing", 404, "error")]
    [TestCase("PUT", "/compute/v2.1/servers", 405, "badMethod")]
    [TestCase("DELETE", "/compute/v2.1/limits", 405, "badMethod")]
    [TestCase("PATCH", "/image/v2/images", 405, "error")]
    public async Task Unknown_routes_and_methods_are_told_apart(string method, string path, int status, string name)
    {
        var answer = await Home.AdminAsync(method, path);

        Assert.That((answer.Status, answer.FaultName), Is.EqualTo((status, name)));
    }

    [Test]
    public async Task The_project_may_stand_in_the_path_but_must_be_the_tokens_own()
    {
        var own = await Home.AdminAsync("GET", $"/compute/v2.1/{Home.AdminProject}/servers");
        var other = await Home.AdminAsync("GET", $"/compute/v2.1/{Guid.NewGuid():N}/servers");

        Assert.That(own.Status, Is.EqualTo(200));
        Assert.That((other.Status, other.FaultName), Is.EqualTo((400, "badRequest")));
        Assert.That(other.Message, Does.StartWith("Malformed request URL"));
    }

    [TestCase("text/plain", "{}", 415, "badMediaType")]
    [TestCase("application/xml", "<server/>", 415, "badMediaType")]
    [TestCase("application/json", "{", 400, "badRequest")]
    [TestCase("application/json", "", 400, "badRequest")]
    [TestCase("application/json", "[]", 400, "badRequest")]
    [TestCase("application/json", "{}", 400, "badRequest")]
    [TestCase("application/json", "{\"server\": []}", 400, "badRequest")]
    public async Task Bodies_that_are_no_json_object_are_refused(string mediaType, string body, int status, string name)
    {
        var answer = await Home.SendAsync("POST", "/compute/v2.1/servers", body, Home.AdminToken, mediaType);

        Assert.That((answer.Status, answer.FaultName), Is.EqualTo((status, name)), answer.ToString());
    }

    [Test]
    public async Task A_body_nested_too_deep_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40);

        var answer = await Home.AdminAsync("POST", "/compute/v2.1/servers", deep);

        Assert.That(answer.Status, Is.EqualTo(400));
        Assert.That(answer.Message, Does.Contain("32 levels"));
    }

    [TestCase(1024 * 1024 + 1)]
    [TestCase(12 * 1024 * 1024, Description = "More than any socket buffer holds: the client must not see a reset connection instead.")]
    public async Task A_body_over_one_mebibyte_is_refused_with_413(int bytes)
    {
        var answer = await Home.AdminAsync("POST", "/compute/v2.1/servers", new StringBuilder().Append(' ', bytes).ToString());

        Assert.That((answer.Status, answer.FaultName), Is.EqualTo((413, "overLimit")));
    }

    [TestCase("/compute/v2.1/servers?limit=-1")]
    [TestCase("/compute/v2.1/servers?limit=many")]
    [TestCase("/compute/v2.1/flavors?limit=-1")]
    [TestCase("/image/v2/images?limit=-1")]
    [TestCase("/compute/v2.1/servers?marker=no-uuid")]
    [TestCase("/compute/v2.1/servers?marker=00000000-0000-4000-8000-000000000000")]
    [TestCase("/compute/v2.1/flavors?marker=nothing")]
    [TestCase("/image/v2/images?marker=00000000-0000-4000-8000-000000000000")]
    [TestCase("/compute/v2.1/servers?sort_key=shoe_size")]
    [TestCase("/compute/v2.1/servers?sort_key=uuid&sort_dir=up")]
    [TestCase("/compute/v2.1/servers?sort_key=uuid&sort_dir=asc&sort_dir=asc")]
    [TestCase("/compute/v2.1/servers?all_tenants=maybe")]
    [TestCase("/compute/v2.1/servers?deleted=maybe")]
    [TestCase("/compute/v2.1/servers?changes-since=yesterday")]
    [TestCase("/compute/v2.1/servers?name=(")]
    [TestCase("/compute/v2.1/servers?_hidden=1")]
    [TestCase("/image/v2/images?sort=shoe_size:asc")]
    [TestCase("/image/v2/images?sort_dir=up")]
    [TestCase("/image/v2/images?visibility=odd")]
    [TestCase("/compute/v2.1/flavors?sort_key=shoe_size")]
    [TestCase("/compute/v2.1/flavors?minRam=much")]
    public async Task Queries_that_make_no_sense_are_400(string path)
    {
        var answer = await Home.AdminAsync("GET", path);

        Assert.That(answer.Status, Is.EqualTo(400), answer.ToString());
    }

    [Test]
    public async Task An_unscoped_token_may_ask_who_it_is_but_not_for_servers()
    {
        var unscoped = (await Home.LogInAsync("admin", HomeServer.AdminPassword, project: null)).Header("X-Subject-Token")!;

        var mine = await Home.SendAsync("GET", "/identity/v3/auth/projects", token: unscoped);
        var servers = await Home.SendAsync("GET", "/compute/v2.1/servers", token: unscoped);

        Assert.That(mine.Status, Is.EqualTo(200));
        Assert.That((servers.Status, servers.FaultName), Is.EqualTo((403, "forbidden")));
    }
}
