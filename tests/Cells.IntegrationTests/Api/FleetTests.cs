using System.Globalization;
using Cells.Api.Fleet;
using System.Text.Json;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Services, hypervisors, aggregates and zones over HTTP (nova-api, section 4): the home's side, with copies of hosts and nothing below.</summary>
[NonParallelizable]
public sealed class FleetTests
{
    private static HomeServer _home = null!;

    private readonly HostId _a = new(Guid.NewGuid()), _b = new(Guid.NewGuid());
    private string _names = "";

    [OneTimeSetUp]
    public static async Task BeginAll()
    {
        _home = await HomeServer.StartAsync();
        await _home.Database.ExecuteAsync("insert into link (neighbour) values ('east')");
    }

    [OneTimeTearDown]
    public static async Task EndAll() => await _home.DisposeAsync();

    [SetUp]
    public async Task Begin()
    {
        _names = Guid.NewGuid().ToString("N")[..8];
        await _home.Database.ExecuteAsync("delete from host_observed; delete from host_setting; delete from aggregate_host; delete from aggregate; delete from outbox");
        await ReportAsync(_a, "a", "up");
        await ReportAsync(_b, "b", "down");
    }

    [Test]
    public async Task Every_host_has_a_service_by_number_and_from_2_53_on_by_uuid()
    {
        var old = (await In("2.1", "GET", "/os-services")).Json.GetProperty("services");
        var shown = (await In("2.53", "GET", $"/os-services?host={Name("a")}")).Json.GetProperty("services").EnumerateArray().Single();

        Assert.That(old.EnumerateArray().Select(s => (s.GetProperty("host").GetString(), s.GetProperty("state").GetString())),
            Is.EqualTo(new[] { (Name("a"), "up"), (Name("b"), "down") }));
        Assert.That(old[0].GetProperty("id").ValueKind, Is.EqualTo(JsonValueKind.Number));
        Assert.That(shown.GetRawText(), Is.EqualTo(
            $$"""{"id":"{{_a}}","binary":"nova-compute","host":"{{Name("a")}}","zone":"zone-1","status":"enabled","state":"up","updated_at":"2026-01-02T03:04:05.000000","disabled_reason":null,"forced_down":false}"""));
        Assert.That((await In("2.1", "GET", "/os-services?binary=nova-scheduler")).Json.GetProperty("services").GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task A_server_is_evacuated_only_from_a_host_that_is_down_and_proved_to_run_nothing()
    {
        var server = await NewServerAsync(Name("lost"));
        await _home.ReportAsync(server, VmState.Active, host: _b);
        Task<Answer> Evacuate(string body) => In("2.14", "POST", $"/servers/{server}/action", body);

        var unproved = await Evacuate("""{"evacuate": {}}""");
        var same = await Evacuate(HomeServer.Text(new { evacuate = new { host = Name("b") } }));
        var nowhere = await Evacuate("""{"evacuate": {"host": "nowhere"}}""");
        var member = await _home.SendAsync("POST", $"/compute/v2.1/servers/{server}/action", """{"evacuate": {"onSharedStorage": true}}""", (await _home.NewProjectAsync()).Token);
        var old = await In("2.1", "POST", $"/servers/{server}/action", """{"evacuate": {}}""");
        Assert.That((unproved.Status, same.Status, nowhere.Status, member.Status, old.Status), Is.EqualTo((409, 400, 404, 403, 400)), $"{unproved} {same} {nowhere} {member} {old}");
        Assert.That(unproved.ToString(), Does.Contain("cells host fenced"));

        await _home.Database.ExecuteAsync($$$"""
            update host_observed
               set body = (body::jsonb || '{"fence": {"id": "{{{Guid.NewGuid()}}}", "who": "op", "why": "off", "at": "2026-01-02T03:04:05Z"}}')::json
             where host = '{{{_b}}}'
            """);
        var accepted = await Evacuate(HomeServer.Text(new { evacuate = new { host = Name("a"), adminPass = "x" } }));

        Assert.That(accepted.Status, Is.EqualTo(200), $"{accepted}");
        var alive = await NewServerAsync(Name("alive"));
        await _home.ReportAsync(alive, VmState.Active, host: _a);
        var used = await In("2.14", "POST", $"/servers/{alive}/action", """{"evacuate": {}}""");
        Assert.That(used.Status, Is.EqualTo(400));
        Assert.That(used.ToString(), Does.Contain($"Compute service of {Name("a")} is still in use."));
        // As after a build anew that no host took: there is nothing of it there that could run twice.
        await _home.ReportAsync(alive, VmState.Error, power: PowerState.NoState, host: _a);
        Assert.That((await In("2.14", "POST", $"/servers/{alive}/action", """{"evacuate": {}}""")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task The_hosts_of_a_cell_that_is_not_heard_are_down_and_show_when_it_last_was()
    {
        var before = DateTimeOffset.UtcNow;
        try
        {
            _home.Ages.East1 = new CellAge(Silent: true, HeardSecondsAgo: 3_600);

            var service = (await In("2.53", "GET", $"/os-services?host={Name("a")}")).Json.GetProperty("services")[0];
            var hypervisors = (await In("2.53", "GET", "/os-hypervisors")).Json.GetProperty("hypervisors").EnumerateArray();
            var zone = (await In("2.1", "GET", "/os-availability-zone")).Json.GetProperty("availabilityZoneInfo")[0];

            Assert.That(service.GetProperty("state").GetString(), Is.EqualTo("down"));
            Assert.That(DateTimeOffset.Parse(service.GetProperty("updated_at").GetString() + "Z", CultureInfo.InvariantCulture),
                Is.EqualTo(before.AddHours(-1)).Within(TimeSpan.FromMinutes(1)));
            Assert.That(hypervisors.Select(h => h.GetProperty("state").GetString()), Is.EqualTo(new[] { "down", "down" }));
            Assert.That(zone.GetProperty("zoneState").GetProperty("available").GetBoolean(), Is.False);
        }
        finally
        {
            _home.Ages.East1 = new CellAge(Silent: false, HeardSecondsAgo: null);
        }
    }

    [Test]
    public async Task A_service_is_disabled_and_enabled_and_its_cell_is_told_each_time_with_the_next_number()
    {
        var disabled = await In("2.53", "PUT", $"/os-services/{_a}", """{"status": "disabled", "disabled_reason": "new memory"}""");
        var old = await In("2.1", "PUT", "/os-services/enable", $$"""{"host": "{{Name("a")}}", "binary": "nova-compute"}""");
        var reason = await In("2.1", "PUT", "/os-services/disable-log-reason", $$"""{"host": "{{Name("a")}}", "binary": "nova-compute", "disabled_reason": "again"}""");
        var forced = await In("2.11", "PUT", "/os-services/force-down", $$"""{"host": "{{Name("a")}}", "binary": "nova-compute", "forced_down": true}""");

        Assert.That((disabled.Status, old.Status, reason.Status, forced.Status), Is.EqualTo((200, 200, 200, 200)), $"{disabled} {old} {reason} {forced}");
        Assert.That(disabled.Json.GetProperty("service").GetProperty("disabled_reason").GetString(), Is.EqualTo("new memory"));
        Assert.That(old.Json.GetRawText(), Is.EqualTo($$$"""{"service":{"host":"{{{Name("a")}}}","binary":"nova-compute","status":"enabled"}}"""));
        Assert.That((await ToldAsync()).Select(m => (m.Host, m.Cell.Value, m.Number, m.Disabled, m.Reason, m.ForcedDown)), Is.EqualTo(new[]
        {
            (_a, "east-1", 1L, true, "new memory", false), (_a, "east-1", 2L, false, null, false), (_a, "east-1", 3L, true, "again", false), (_a, "east-1", 4L, true, "again", true),
        }));
        var shown = (await In("2.53", "GET", $"/os-services?host={Name("a")}")).Json.GetProperty("services")[0];
        Assert.That((shown.GetProperty("status").GetString(), shown.GetProperty("state").GetString(), shown.GetProperty("forced_down").GetBoolean()), Is.EqualTo(("disabled", "down", true)));
    }

    [Test]
    public async Task Words_said_at_once_are_all_told_in_an_order_and_none_is_lost()
    {
        var answers = await Task.WhenAll(
            In("2.53", "PUT", $"/os-services/{_a}", """{"status": "disabled", "disabled_reason": "x"}"""),
            In("2.53", "PUT", $"/os-services/{_a}", """{"forced_down": true}"""));

        Assert.That(answers.Select(answer => answer.Status), Is.All.EqualTo(200));
        var last = (await ToldAsync())[^1];
        Assert.That((last.Number, last.Disabled, last.ForcedDown), Is.EqualTo((2L, true, true)));
    }

    [TestCase("2.53", "00000000-0000-4000-8000-000000000000", """{"status": "disabled"}""", 404)]
    [TestCase("2.53", "A", """{}""", 400)]
    [TestCase("2.53", "A", """{"status": "off"}""", 400)]
    [TestCase("2.53", "A", """{"status": "enabled", "disabled_reason": "x"}""", 400)]
    [TestCase("2.1", "disable", """{"host": "nobody", "binary": "nova-compute"}""", 404)]
    [TestCase("2.1", "disable", """{"host": "x", "binary": "nova-scheduler"}""", 400)]
    [TestCase("2.1", "explode", """{"host": "x", "binary": "nova-compute"}""", 404)]
    [TestCase("2.10", "force-down", """{"host": "x", "binary": "nova-compute", "forced_down": true}""", 404)]
    public async Task Words_that_make_no_sense_are_refused_and_nobody_is_told(string version, string id, string body, int status)
    {
        Assert.That((await In(version, "PUT", $"/os-services/{(id == "A" ? _a.ToString() : id)}", body)).Status, Is.EqualTo(status));
        Assert.That(await ToldAsync(), Is.Empty);
    }

    [Test]
    public async Task Words_for_a_name_that_two_hosts_have_are_refused_with_both_ids_and_said_by_id()
    {
        await _home.Database.ExecuteAsync($"delete from host_observed where host = '{_b}'");
        await ReportAsync(_b, "a", "up");
        var aggregate = (await In("2.1", "POST", "/os-aggregates", $$$"""{"aggregate": {"name": "{{{_names}}}"}}""")).Json.GetProperty("aggregate").GetProperty("id").GetInt32();

        var disabled = await In("2.1", "PUT", "/os-services/disable", $$"""{"host": "{{Name("a")}}", "binary": "nova-compute"}""");
        var added = await In("2.1", "POST", $"/os-aggregates/{aggregate}/action", $$$"""{"add_host": {"host": "{{{Name("a")}}}"}}""");
        var byId = await In("2.1", "PUT", "/os-services/disable", $$"""{"host": "{{_b}}", "binary": "nova-compute"}""");
        var addedById = await In("2.1", "POST", $"/os-aggregates/{aggregate}/action", $$$"""{"add_host": {"host": "{{{_b}}}"}}""");
        var removed = await In("2.1", "POST", $"/os-aggregates/{aggregate}/action", $$$"""{"remove_host": {"host": "{{{Name("a")}}}"}}""");

        Assert.That((disabled.Status, added.Status), Is.EqualTo((409, 409)), $"{disabled} {added}");
        Assert.That(disabled.Message, Does.Contain($"2 hosts are called {Name("a")}").And.Contain(_a.ToString()).And.Contain(_b.ToString()).And.Contain("by its id"));
        Assert.That((byId.Status, addedById.Status), Is.EqualTo((200, 200)), $"{byId} {addedById}");
        Assert.That((removed.Status, removed.Json.GetProperty("aggregate").GetProperty("hosts").GetArrayLength()), Is.EqualTo((200, 0)), "only one of them is in it");
        Assert.That((await ToldAsync()).Select(told => told.Host), Is.All.EqualTo(_b));
    }

    [Test]
    public async Task A_service_stays_while_its_host_belongs_to_a_pool()
    {
        Assert.That((await In("2.53", "DELETE", $"/os-services/{_a}")).Status, Is.EqualTo(409));
        Assert.That((await In("2.53", "DELETE", $"/os-services/{Guid.NewGuid()}")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task Hypervisors_are_listed_in_pages_shown_searched_and_summed()
    {
        var (first, detail) = ((await In("2.53", "GET", "/os-hypervisors?limit=1")).Json, (await In("2.53", "GET", "/os-hypervisors/detail")).Json.GetProperty("hypervisors"));
        var next = first.GetProperty("hypervisors_links")[0].GetProperty("href").GetString()!;
        var second = await In("2.53", "GET", next[(next.IndexOf("/v2.1", StringComparison.Ordinal) + 5)..]);
        var shown = (await In("2.53", "GET", $"/os-hypervisors/{_a}")).Json.GetProperty("hypervisor");
        var sums = (await In("2.1", "GET", "/os-hypervisors/statistics")).Json.GetProperty("hypervisor_statistics");

        Assert.That(first.GetProperty("hypervisors")[0].GetRawText(), Is.EqualTo($$"""{"id":"{{_a}}","hypervisor_hostname":"{{Name("a")}}","state":"up","status":"enabled"}"""));
        Assert.That(second.Json.GetProperty("hypervisors")[0].GetProperty("hypervisor_hostname").GetString(), Is.EqualTo(Name("b")));
        Assert.That(detail.EnumerateArray().Select(h => h.GetProperty("state").GetString()), Is.EqualTo(new[] { "up", "down" }));
        Assert.That(new[] { "vcpus", "vcpus_used", "memory_mb", "memory_mb_used", "free_ram_mb", "local_gb", "local_gb_used", "running_vms" }.Select(name => shown.GetProperty(name).GetInt32()),
            Is.EqualTo(new[] { 16, 3, 65536, 1500, 64036, 1000, 10, 2 }));
        Assert.That((shown.GetProperty("host_ip").GetString(), shown.GetProperty("service").GetProperty("host").GetString()), Is.EqualTo(("192.0.2.1", Name("a"))));
        Assert.That((sums.GetProperty("count").GetInt32(), sums.GetProperty("vcpus").GetInt32(), sums.GetProperty("memory_mb_used").GetInt32()), Is.EqualTo((2, 32, 3000)));
        Assert.That((await In("2.52", "GET", $"/os-hypervisors/{Name("a")}/search")).Json.GetProperty("hypervisors").GetArrayLength(), Is.EqualTo(1));
        Assert.That((await In("2.53", "GET", $"/os-hypervisors/{Name("a")}/search")).Status, Is.EqualTo(404));
        Assert.That((await In("2.53", "GET", "/os-hypervisors?hypervisor_hostname_pattern=nobody")).Status, Is.EqualTo(404));
        Assert.That((await In("2.53", "GET", $"/os-hypervisors/{_a}/uptime")).Status, Is.EqualTo(501));
        Assert.That((await In("2.53", "GET", "/os-hypervisors/nothing")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_hypervisor_names_its_servers_when_asked()
    {
        var id = await NewServerAsync("on a");
        await _home.ReportAsync(id, VmState.Active, host: _a);

        var with = (await In("2.53", "GET", "/os-hypervisors?with_servers=true")).Json.GetProperty("hypervisors");
        var last = (await In("2.75", "GET", "/os-hypervisors?with_servers=true")).Json.GetProperty("hypervisors");
        var old = (await In("2.1", "GET", $"/os-hypervisors/{_names}/servers")).Json.GetProperty("hypervisors");

        Assert.That(with[0].GetProperty("servers").GetRawText(), Is.EqualTo($$"""[{"uuid":"{{id}}","name":"instance-{{id}}"}]"""));
        Assert.That(with[1].TryGetProperty("servers", out _), Is.False);
        Assert.That(last[1].GetProperty("servers").GetArrayLength(), Is.Zero);
        Assert.That(old[0].GetProperty("servers")[0].GetProperty("uuid").GetString(), Is.EqualTo(id));
    }

    [Test]
    public async Task An_aggregate_is_made_filled_changed_and_removed_and_its_hosts_cells_are_told_their_zone_and_traits()
    {
        var made = await In("2.41", "POST", "/os-aggregates", """{"aggregate": {"name": "fast", "availability_zone": "zone-9"}}""");
        var id = made.Json.GetProperty("aggregate").GetProperty("id").GetInt32();
        var added = await Act(id, $$$"""{"add_host": {"host": "{{{Name("a")}}}"}}""");
        var described = await Act(id, """{"set_metadata": {"metadata": {"ssd": "true", "slow": null}}}""");
        var shown = (await In("2.41", "GET", $"/os-aggregates/{id}")).Json.GetProperty("aggregate");
        var full = await In("2.1", "DELETE", $"/os-aggregates/{id}");
        var renamed = await In("2.1", "PUT", $"/os-aggregates/{id}", """{"aggregate": {"name": "faster"}}""");
        var removed = await Act(id, $$$"""{"remove_host": {"host": "{{{Name("a")}}}"}}""");
        var deleted = await In("2.1", "DELETE", $"/os-aggregates/{id}");

        Assert.That((made.Status, added.Status, described.Status, full.Status, renamed.Status, removed.Status, deleted.Status), Is.EqualTo((200, 200, 200, 400, 200, 200, 200)),
            $"{made} {added} {described} {full} {renamed} {removed} {deleted}");
        Assert.That(made.Json.GetProperty("aggregate").TryGetProperty("hosts", out _), Is.False);
        Assert.That((shown.GetProperty("hosts").GetRawText(), shown.GetProperty("metadata").GetRawText()),
            Is.EqualTo(($"[\"{Name("a")}\"]", """{"ssd":"true","availability_zone":"zone-9"}""")));
        Assert.That((await ToldAsync()).Select(m => (m.Number, m.Zone, Told: string.Join("; ", m.Aggregates.Select(a => $"{a.Name} {string.Join(",", a.Metadata.Select(i => $"{i.Key}={i.Value}"))}")))),
            Is.EqualTo(new[] { (1L, "zone-9", "fast "), (2L, "zone-9", "fast ssd=true"), (3L, "zone-9", "faster ssd=true"), (4L, (string?)null, "") }));
        Assert.That((await In("2.1", "GET", $"/os-aggregates/{id}")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_host_is_in_one_zone_and_a_zone_is_not_taken_from_under_servers()
    {
        var (one, two, none) = (await AggregateAsync("one", "zone-1a"), await AggregateAsync("two", "zone-2a"), await AggregateAsync("none", null));
        foreach (var id in new[] { one, none })
            await Act(id, $$$"""{"add_host": {"host": "{{{Name("a")}}}"}}""");

        var second = await Act(two, $$$"""{"add_host": {"host": "{{{Name("a")}}}"}}""");
        var again = await Act(one, $$$"""{"add_host": {"host": "{{{Name("a")}}}"}}""");
        var nobody = await Act(one, """{"add_host": {"host": "nobody"}}""");
        var twice = await In("2.1", "PUT", $"/os-aggregates/{none}", """{"aggregate": {"availability_zone": "zone-3a"}}""");
        await _home.ReportAsync(await NewServerAsync("on a"), VmState.Active, host: _a);
        var occupied = await In("2.1", "PUT", $"/os-aggregates/{one}", """{"aggregate": {"availability_zone": "zone-4a"}}""");
        var taken = await In("2.1", "POST", "/os-aggregates", """{"aggregate": {"name": "one"}}""");

        Assert.That((second.Status, again.Status, nobody.Status, twice.Status, occupied.Status, taken.Status), Is.EqualTo((409, 409, 404, 409, 400, 409)),
            $"{second} {again} {nobody} {twice} {occupied} {taken}");
        Assert.That(twice.Message, Does.Contain("two zones"));
    }

    [TestCase("POST", "/os-aggregates", """{"aggregate": {}}""", 400)]
    [TestCase("POST", "/os-aggregates", """{"aggregate": {"name": "x", "availability_zone": "a:b"}}""", 400)]
    [TestCase("POST", "/os-aggregates/1/action", """{"dance": {}}""", 400)]
    [TestCase("POST", "/os-aggregates/999999/action", """{"add_host": {"host": "x"}}""", 404)]
    [TestCase("PUT", "/os-aggregates/999999", """{"aggregate": {"name": "x"}}""", 404)]
    [TestCase("PUT", "/os-aggregates/999999", """{"aggregate": {}}""", 400)]
    public async Task Aggregates_that_make_no_sense_are_refused(string method, string path, string body, int status) =>
        Assert.That((await In("2.1", method, path, body)).Status, Is.EqualTo(status));

    [Test]
    public async Task Zones_are_those_of_the_hosts_and_a_server_is_in_its_hosts_zone()
    {
        var id = await AggregateAsync("far", "zone-far");
        await Act(id, $$$"""{"add_host": {"host": "{{{Name("b")}}}"}}""");
        var server = await NewServerAsync("on b", "\"availability_zone\": \"zone-far\"");
        await _home.ReportAsync(server, VmState.Active, host: _b);

        var zones = (await In("2.1", "GET", "/os-availability-zone")).Json.GetProperty("availabilityZoneInfo").GetRawText();
        var detail = (await In("2.1", "GET", "/os-availability-zone/detail")).Json.GetProperty("availabilityZoneInfo");
        var unknown = await _home.CreateServerAsync(_home.AdminToken, "x", await _home.NewFlavorAsync(), await _home.NewImageAsync(), "\"availability_zone\": \"nowhere\"");

        Assert.That(zones, Is.EqualTo(
            """[{"zoneName":"zone-1","zoneState":{"available":true},"hosts":null},{"zoneName":"zone-far","zoneState":{"available":false},"hosts":null}]"""));
        Assert.That(detail[0].GetProperty("hosts").GetProperty(Name("a")).GetProperty("nova-compute").GetProperty("available").GetBoolean(), Is.True);
        Assert.That((await In("2.1", "GET", $"/servers/{server}")).Json.GetProperty("server").GetProperty("OS-EXT-AZ:availability_zone").GetString(), Is.EqualTo("zone-far"));
        Assert.That((unknown.Status, unknown.Message), Is.EqualTo((400, "The requested availability zone is not available")));
    }

    [Test]
    public async Task Hosts_are_for_admins()
    {
        var (_, _, token) = await _home.NewProjectAsync();

        foreach (var (method, path, body) in new[]
        {
            ("GET", "/os-services", null), ("PUT", "/os-services/disable", "{}"), ("DELETE", "/os-services/1", null), ("GET", "/os-hypervisors", null), ("GET", "/os-hypervisors/statistics", null),
            ("GET", "/os-aggregates", null), ("POST", "/os-aggregates", "{}"), ("POST", "/os-aggregates/1/action", """{"add_host": {"host": "x"}}"""), ("GET", "/os-availability-zone/detail", null),
        })
            Assert.That((await _home.SendAsync(method, "/compute/v2.1" + path, body, token)).Status, Is.EqualTo(403), $"{method} {path}");
        Assert.That((await _home.SendAsync("GET", "/compute/v2.1/os-availability-zone", token: token)).Status, Is.EqualTo(200));
    }

    private string Name(string name) => $"{_names}-{name}";

    private static Task<Answer> In(string version, string method, string path, string? body = null) =>
        _home.AdminAsync(method, "/compute/v2.1" + path, body, ("OpenStack-API-Version", $"compute {version}"));

    private static Task<Answer> Act(int aggregate, string body) => In("2.1", "POST", $"/os-aggregates/{aggregate}/action", body);

    private static async Task<int> AggregateAsync(string name, string? zone) =>
        (await In("2.1", "POST", "/os-aggregates", HomeServer.Text(new { aggregate = new { name, availability_zone = zone } }))).Json.GetProperty("aggregate").GetProperty("id").GetInt32();

    private static async Task<string> NewServerAsync(string name, string more = "") =>
        (await _home.CreateServerAsync(_home.AdminToken, name, await _home.NewFlavorAsync(), await _home.NewImageAsync(), more)).Json.GetProperty("server").GetProperty("id").GetString()!;

    private Task ReportAsync(HostId host, string name, string status)
    {
        var row = new HostRow(
            host, CellName.Parse("east-1"), new PoolId(host.Value), Name(name), "192.0.2.1", 1, status, 16, 65_536, 3, 1_000, 500, 1_000L << 30, 10L << 30, 2,
            new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)) { Enabled = true, Zone = "zone-1" };
        return _home.Database.ExecuteAsync($"""
            insert into host_observed (host, cell, link, generation, deleted, body, change_number)
            values ('{host}', 'east-1', 'east', 1, false, '{JsonSerializer.Serialize(row, WireJsonContext.Default.HostRow)}', 1)
            """);
    }

    /// <summary>What stands in the outbox for the hosts' cells, in order.</summary>
    private static async Task<IReadOnlyList<ConfigureHost>> ToldAsync() =>
        [.. (await _home.Database.QueryAsync<byte[]>("select body from outbox where wire_name = 'host.configure.v1' order by number"))
            .Select(body => JsonSerializer.Deserialize(body, WireJsonContext.Default.ConfigureHost)!)];
}
