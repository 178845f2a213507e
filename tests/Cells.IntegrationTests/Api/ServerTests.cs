using System.Text.Json;
using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Servers over HTTP (nova-api, section 2), without cells below: what is asked is accepted, shown and taken back.</summary>
[NonParallelizable]   // sets how the shared home's dispatcher answers
public sealed class ServerTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _project = "";
    private string _user = "";
    private string _token = "";
    private string _flavor = "";
    private string _image = "";

    [SetUp]
    public async Task Begin()
    {
        (_project, _user, _token) = await Home.NewProjectAsync();
        (_flavor, _image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());
    }

    [TearDown]
    public void End() => Home.Dispatch.DeletesTakeTime = false;

    [Test]
    public async Task A_create_is_accepted_with_a_password_and_shown_while_it_is_built()
    {
        var created = await CreateAsync("web", "\"metadata\": {\"tier\": \"front\"}");
        var id = Id(created);
        var shown = (await Get($"/servers/{id}")).Json.GetProperty("server");

        Assert.That(created.Status, Is.EqualTo(202), created.ToString());
        Assert.That(created.Header("Location"), Is.EqualTo($"{Home.Url}/compute/v2.1/servers/{id}"));
        var server = created.Json.GetProperty("server");
        Assert.That(server.EnumerateObject().Select(member => member.Name), Is.EquivalentTo(new[] { "id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass" }));
        Assert.That(server.GetProperty("adminPass").GetString(), Has.Length.EqualTo(12));
        Assert.That(server.GetProperty("security_groups")[0].GetProperty("name").GetString(), Is.EqualTo("default"));

        Assert.That(shown.EnumerateObject().Select(member => member.Name), Is.EquivalentTo(new[]
        {
            "id", "name", "status", "tenant_id", "user_id", "metadata", "hostId", "image", "flavor", "created", "updated", "addresses", "accessIPv4",
            "accessIPv6", "links", "OS-DCF:diskConfig", "progress", "OS-EXT-AZ:availability_zone", "config_drive", "key_name", "OS-SRV-USG:launched_at",
            "OS-SRV-USG:terminated_at", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-STS:power_state", "os-extended-volumes:volumes_attached",
        }));
        Assert.That(shown.GetProperty("status").GetString(), Is.EqualTo("BUILD"));
        Assert.That(shown.GetProperty("OS-EXT-STS:task_state").GetString(), Is.EqualTo("scheduling"));
        Assert.That(shown.GetProperty("OS-EXT-STS:power_state").GetInt32(), Is.Zero);
        Assert.That(shown.GetProperty("tenant_id").GetString(), Is.EqualTo(_project));
        Assert.That(shown.GetProperty("user_id").GetString(), Is.EqualTo(_user));
        Assert.That(shown.GetProperty("metadata").GetProperty("tier").GetString(), Is.EqualTo("front"));
        Assert.That(shown.GetProperty("flavor").GetProperty("id").GetString(), Is.EqualTo(_flavor));
        Assert.That(shown.GetProperty("image").GetProperty("links")[0].GetProperty("href").GetString(), Is.EqualTo($"{Home.Url}/compute/images/{_image}"));
        Assert.That(shown.GetProperty("created").GetString(), Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"));
        Assert.That(shown.GetProperty("hostId").GetString(), Is.Empty);
        Assert.That(shown.GetProperty("config_drive").GetString(), Is.Empty);
        Assert.That(shown.GetProperty("key_name").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task What_the_cell_reports_is_shown_and_hosts_only_to_admins()
    {
        var id = Id(await CreateAsync("reported"));
        await ReportAsync(id, VmState.Active, TaskState.None, PowerState.Running, fault: null);

        var mine = (await Get($"/servers/{id}")).Json.GetProperty("server");
        var admins = (await Home.AdminAsync("GET", $"/compute/v2.1/servers/{id}")).Json.GetProperty("server");

        Assert.That(mine.GetProperty("status").GetString(), Is.EqualTo("ACTIVE"));
        Assert.That(mine.GetProperty("OS-SRV-USG:launched_at").GetString(), Is.EqualTo("2026-01-02T03:04:05.000000"));
        Assert.That(mine.GetProperty("hostId").GetString(), Has.Length.EqualTo(56));
        Assert.That(mine.TryGetProperty("OS-EXT-SRV-ATTR:host", out _), Is.False);
        Assert.That(mine.TryGetProperty("fault", out _), Is.False);
        Assert.That(admins.GetProperty("OS-EXT-SRV-ATTR:host").GetString(), Is.EqualTo("h1"));
        Assert.That(admins.GetProperty("OS-EXT-SRV-ATTR:hypervisor_hostname").GetString(), Is.EqualTo("h1"));
    }

    [Test]
    public async Task A_failed_server_says_why()
    {
        var id = Id(await CreateAsync("failed"));
        await ReportAsync(id, VmState.Error, TaskState.None, PowerState.NoState, fault: "No valid host was found. h1: needs 512 MiB, has 100 MiB.");

        var shown = (await Get($"/servers/{id}")).Json.GetProperty("server");

        Assert.That(shown.GetProperty("status").GetString(), Is.EqualTo("ERROR"));
        Assert.That(shown.GetProperty("fault").GetProperty("code").GetInt32(), Is.EqualTo(500));
        Assert.That(shown.GetProperty("fault").GetProperty("message").GetString(), Is.EqualTo("No valid host was found. h1: needs 512 MiB, has 100 MiB."));
        Assert.That(shown.TryGetProperty("progress", out _), Is.False);
    }

    [Test]
    public async Task A_delete_is_accepted_at_once_and_the_server_is_gone_when_nothing_is_left()
    {
        Home.Dispatch.DeletesTakeTime = true;
        var id = Id(await CreateAsync("short-lived"));

        var first = await Delete(id);
        var deleting = (await Get($"/servers/{id}")).Json.GetProperty("server");
        var second = await Delete(id);
        await CommitAsync([.. new Cells.Api.Nova.HomeIntents().Terminated(new InstanceId(Guid.Parse(id)), DateTimeOffset.UtcNow)]);

        Assert.That(first.Status, Is.EqualTo(204));
        Assert.That(first.Bytes, Is.Empty);
        Assert.That(deleting.GetProperty("OS-EXT-STS:task_state").GetString(), Is.EqualTo("deleting"));
        Assert.That(second.Status, Is.EqualTo(204), "a delete that is on its way is not an error");
        Assert.That((await Get($"/servers/{id}")).Status, Is.EqualTo(404));
        Assert.That((await Delete(id)).Status, Is.EqualTo(404));
        Assert.That(await Names("/servers"), Is.Empty);
    }

    [TestCase("nothing")]
    [TestCase("00000000-0000-4000-8000-000000000000")]
    public async Task What_is_not_there_is_404(string id)
    {
        foreach (var method in new[] { "GET", "DELETE" })
        {
            var answer = await Home.SendAsync(method, $"/compute/v2.1/servers/{id}", token: _token);

            Assert.That((answer.Status, answer.FaultName, answer.Message), Is.EqualTo((404, "itemNotFound", $"Instance {id} could not be found.")));
        }
    }

    [Test]
    public async Task Another_projects_server_is_404_and_in_no_list()
    {
        var id = Id(await CreateAsync("mine"));
        var other = await Home.NewProjectAsync();

        foreach (var method in new[] { "GET", "DELETE" })
            Assert.That((await Home.SendAsync(method, $"/compute/v2.1/servers/{id}", token: other.Token)).Status, Is.EqualTo(404));
        Assert.That((await Home.SendAsync("GET", "/compute/v2.1/servers", token: other.Token)).Json.GetProperty("servers").GetArrayLength(), Is.Zero);
        Assert.That((await Home.SendAsync("GET", $"/compute/v2.1/servers?marker={id}", token: other.Token)).Status, Is.EqualTo(400));
        Assert.That((await Home.SendAsync("GET", "/compute/v2.1/servers?all_tenants=1", token: other.Token)).Status, Is.EqualTo(403));
        Assert.That((await Get($"/servers/{id}")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_reader_sees_and_does_not_change()
    {
        var reader = await Home.NewProjectAsync("reader");

        Assert.That((await Home.SendAsync("GET", "/compute/v2.1/servers", token: reader.Token)).Status, Is.EqualTo(200));
        Assert.That((await Home.CreateServerAsync(reader.Token, "x", _flavor, _image)).Status, Is.EqualTo(403));
        Assert.That((await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{Guid.NewGuid()}", token: reader.Token)).Status, Is.EqualTo(403));
    }

    [TestCase("\"name\": \"\"")]
    [TestCase("\"name\": \" padded\"")]
    [TestCase("\"name\": 7")]
    [TestCase("\"flavorRef\": null")]
    [TestCase("\"flavorRef\": \"no-such-flavor\"")]
    [TestCase("\"imageRef\": \"\"")]
    [TestCase("\"imageRef\": \"no-uuid\"")]
    [TestCase("\"imageRef\": \"00000000-0000-4000-8000-000000000000\"")]
    [TestCase("\"min_count\": 0")]
    [TestCase("\"min_count\": \"x\"")]
    [TestCase("\"min_count\": 3, \"max_count\": 2")]
    [TestCase("\"max_count\": 1001")]
    [TestCase("\"metadata\": {\"a\": 1}")]
    [TestCase("\"metadata\": {\"\": \"x\"}")]
    [TestCase("\"metadata\": {\"a/b\": \"x\"}")]
    [TestCase("\"metadata\": []")]
    [TestCase("\"key_name\": \"no-such-key\"")]
    [TestCase("\"networks\": [{\"uuid\": \"00000000-0000-4000-8000-000000000000\"}]")]
    [TestCase("\"networks\": \"auto\"")]
    [TestCase("\"personality\": [{\"path\": \"/etc/motd\", \"contents\": \"aGk=\"}]")]
    [TestCase("\"user_data\": \"aGk=\"")]
    [TestCase("\"config_drive\": true")]
    [TestCase("\"security_groups\": [{\"name\": \"web\"}]")]
    [TestCase("\"availability_zone\": \"nova:h1\"")]
    [TestCase("\"availability_zone\": \"no-such-zone\"")]
    [TestCase("\"block_device_mapping_v2\": [{\"boot_index\": 0, \"source_type\": \"volume\", \"destination_type\": \"volume\", \"uuid\": \"x\"}]")]
    [TestCase("\"OS-DCF:diskConfig\": \"SOMETIMES\"")]
    [TestCase("\"accessIPv4\": \"300.1.1.1\"")]
    [TestCase("\"accessIPv6\": \"127.0.0.1\"")]
    [TestCase("\"shoe_size\": 43")]
    public async Task Bodies_that_ask_for_what_cannot_be_are_400(string more)
    {
        var members = new List<string> { more };
        foreach (var (name, value) in new[] { ("name", "x"), ("flavorRef", _flavor), ("imageRef", _image) })
        {
            if (!more.StartsWith($"\"{name}\""))
                members.Add($"\"{name}\": \"{value}\"");
        }

        var answer = await Home.SendAsync("POST", "/compute/v2.1/servers", $"{{\"server\": {{{string.Join(", ", members)}}}}}", _token);

        Assert.That((answer.Status, answer.FaultName), Is.EqualTo((400, "badRequest")), answer.ToString());
        Assert.That(answer.Message, Is.Not.Empty);
    }

    [TestCase("\"networks\": []")]
    [TestCase("\"min_count\": 1, \"max_count\": 1")]
    [TestCase("\"min_count\": \"1\"")]
    [TestCase("\"personality\": []")]
    [TestCase("\"config_drive\": false")]
    [TestCase("\"security_groups\": [{\"name\": \"default\"}]")]
    [TestCase("\"OS-DCF:diskConfig\": \"AUTO\"")]
    [TestCase("\"adminPass\": \"chosen\", \"accessIPv4\": \"10.0.0.1\", \"accessIPv6\": \"fe80::1\"")]
    public async Task Bodies_that_clients_send_are_accepted(string more) =>
        Assert.That((await CreateAsync("x", more)).Status, Is.EqualTo(202));

    [Test]
    public async Task The_image_as_a_block_device_beside_imageRef_is_what_clients_send()
    {
        var answer = await CreateAsync("x", $"\"block_device_mapping_v2\": [{{\"boot_index\": 0, \"source_type\": \"image\", \"destination_type\": \"local\", \"uuid\": \"{_image}\", \"delete_on_termination\": true}}]");

        Assert.That(answer.Status, Is.EqualTo(202), answer.ToString());
    }

    [Test]
    public async Task Flavor_and_image_may_be_urls()
    {
        var answer = await Home.CreateServerAsync(_token, "x", $"{Home.Url}/compute/v2.1/flavors/{_flavor}", $"{Home.Url}/image/v2/images/{_image}");

        Assert.That(answer.Status, Is.EqualTo(202));
        Assert.That((await Get($"/servers/{Id(answer)}")).Json.GetProperty("server").GetProperty("flavor").GetProperty("id").GetString(), Is.EqualTo(_flavor));
    }

    [Test]
    public async Task A_chosen_password_is_answered()
    {
        var answer = await CreateAsync("x", "\"adminPass\": \"chosen\"");

        Assert.That(answer.Json.GetProperty("server").GetProperty("adminPass").GetString(), Is.EqualTo("chosen"));
    }

    [Test]
    public async Task An_image_that_does_not_fit_the_flavor_is_400_and_a_flavor_without_disk_403()
    {
        var small = await Home.NewFlavorAsync(disk: 1, ram: 64);
        var none = await Home.NewFlavorAsync(disk: 0);
        await Home.SendAsync("PATCH", $"/image/v2/images/{_image}", "[{\"op\": \"replace\", \"path\": \"/min_disk\", \"value\": 2}]", Home.AdminToken,
            "application/openstack-images-v2.1-json-patch");

        var tooSmall = await Home.CreateServerAsync(_token, "x", small, _image);
        var withoutDisk = await Home.CreateServerAsync(_token, "x", none, _image);
        await Home.SendAsync("PATCH", $"/image/v2/images/{_image}", "[{\"op\": \"replace\", \"path\": \"/min_ram\", \"value\": 4096}]", Home.AdminToken,
            "application/openstack-images-v2.1-json-patch");
        var tooLittle = await CreateAsync("x");

        Assert.That((tooSmall.Status, tooSmall.Message), Is.EqualTo((400,
            "Flavor's disk is too small for requested image. Flavor disk is 1073741824 bytes, image is 2147483648 bytes.")));
        Assert.That(withoutDisk.Status, Is.EqualTo(403));
        Assert.That((tooLittle.Status, tooLittle.Message), Is.EqualTo((400, "Flavor's memory is too small for requested image.")));
    }

    [Test]
    public async Task A_queued_image_a_private_one_of_others_and_one_that_is_not_raw_are_400()
    {
        var queued = (await Home.AdminAsync("POST", "/image/v2/images", "{\"disk_format\": \"raw\", \"container_format\": \"bare\", \"visibility\": \"public\"}")).Json.GetProperty("id").GetString()!;
        var hidden = await Home.NewImageAsync(visibility: "private");
        var qcow2 = (await Home.AdminAsync("POST", "/image/v2/images", "{\"disk_format\": \"qcow2\", \"container_format\": \"bare\", \"visibility\": \"public\"}")).Json.GetProperty("id").GetString()!;
        await Home.UploadAsync(qcow2, [1], Home.AdminToken);

        foreach (var image in new[] { queued, hidden, qcow2 })
            Assert.That((await Home.CreateServerAsync(_token, "x", _flavor, image)).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task A_flavor_or_image_that_was_removed_is_not_built_on_though_it_was_used_before()
    {
        await CreateAsync("before");
        await Home.AdminAsync("DELETE", $"/compute/v2.1/flavors/{_flavor}");
        var withoutFlavor = await CreateAsync("x");
        var flavor = await Home.NewFlavorAsync();
        await Home.CreateServerAsync(_token, "again", flavor, _image);
        // Removed beside this process, as another node would: what is remembered here is proved at the commit.
        await Home.Database.ExecuteAsync($"delete from flavor where id = '{flavor}'");
        var removedElsewhere = await Home.CreateServerAsync(_token, "x", flavor, _image);
        await Home.Database.ExecuteAsync($"delete from image where id = '{_image}'");
        var withoutImage = await Home.CreateServerAsync(_token, "x", await Home.NewFlavorAsync(), _image);

        Assert.That((withoutFlavor.Status, withoutFlavor.Message), Is.EqualTo((400, $"Flavor {_flavor} could not be found.")));
        Assert.That((removedElsewhere.Status, removedElsewhere.Message), Is.EqualTo((400, $"Flavor {flavor} could not be found.")));
        Assert.That(withoutImage.Status, Is.EqualTo(400));
        Assert.That(await Names("/servers"), Is.EquivalentTo(new[] { "before", "again" }));
    }

    [Test]
    public async Task Several_servers_are_numbered_and_found_by_their_reservation()
    {
        var answer = await CreateAsync("many", "\"min_count\": 3, \"return_reservation_id\": true");
        await CreateAsync("other");
        var reservation = answer.Json.GetProperty("reservation_id").GetString();

        Assert.That(answer.Status, Is.EqualTo(202));
        Assert.That(reservation, Does.Match("^r-[0-9a-f]{8}$"));
        Assert.That(await Names($"/servers?reservation_id={reservation}"), Is.EquivalentTo(new[] { "many-1", "many-2", "many-3" }));
    }

    [Test]
    public async Task Hints_name_cells_and_unknown_ones_that_matter_are_refused()
    {
        var body = $"{{\"server\": {{\"name\": \"x\", \"flavorRef\": \"{_flavor}\", \"imageRef\": \"{_image}\"}}, \"os:scheduler_hints\": ";

        var toCell = await Home.SendAsync("POST", "/compute/v2.1/servers", body + "{\"target_cell\": \"global.east.east-1\", \"different_cell\": [\"west-1\"]}}", _token);
        var group = await Home.SendAsync("POST", "/compute/v2.1/servers", body + "{\"group\": \"00000000-0000-4000-8000-000000000000\"}}", _token);
        var own = await Home.SendAsync("POST", "/compute/v2.1/servers", body + "{\"our_own\": \"x\"}}", _token);
        var hints = await Home.Database.QueryAsync<string>($"select hints::text from instance_intent where id = '{Id(toCell)}'");

        Assert.That((toCell.Status, group.Status, own.Status), Is.EqualTo((202, 400, 202)));
        Assert.That(hints.Single(), Does.Contain("\"only_cell\": \"east-1\"").And.Contain("\"not_cells\": [\"west-1\"]"));
    }

    [Test]
    public async Task Lists_are_newest_first_and_paged_by_marker()
    {
        foreach (var name in new[] { "a", "b", "c", "d", "e" })
            await CreateAsync(name);

        var first = await Get("/servers?limit=2");
        var link = first.Json.GetProperty("servers_links")[0];
        var second = await Home.SendAsync("GET", new Uri(link.GetProperty("href").GetString()!).PathAndQuery, token: _token);
        var third = await Home.SendAsync("GET", new Uri(second.Json.GetProperty("servers_links")[0].GetProperty("href").GetString()!).PathAndQuery, token: _token);

        Assert.That(NamesOf(first), Is.EqualTo(new[] { "e", "d" }));
        Assert.That(link.GetProperty("rel").GetString(), Is.EqualTo("next"));
        Assert.That(NamesOf(second), Is.EqualTo(new[] { "c", "b" }));
        Assert.That(NamesOf(third), Is.EqualTo(new[] { "a" }));
        Assert.That(third.Json.TryGetProperty("servers_links", out _), Is.False);
    }

    [TestCase("sort_key=display_name&sort_dir=asc", "a b c d")]
    [TestCase("sort_key=display_name", "d c b a")]
    [TestCase("sort_key=created_at&sort_dir=asc", "b d a c")]
    [TestCase("sort_dir=asc", "b d a c")]
    [TestCase("sort_key=vm_state&sort_dir=asc&sort_key=display_name&sort_dir=asc", "c a b d")]
    [TestCase("sort_key=updated_at&sort_dir=asc", "c b d a")]
    [TestCase("sort_key=host&sort_dir=desc&sort_key=display_name&sort_dir=asc", "c a b d")]
    [TestCase("sort_key=kernel_id&sort_dir=asc&sort_key=display_name&sort_dir=desc", "d c b a")]
    public async Task Lists_are_sorted_by_what_is_stored_and_by_what_is_seen(string query, string expected)
    {
        foreach (var name in new[] { "b", "d", "a", "c" })
        {
            var id = Id(await CreateAsync(name));
            if (name == "c")
            {
                await ReportAsync(id, VmState.Active, TaskState.None, PowerState.Running, fault: null);
                await Home.Database.ExecuteAsync($"update instance_intent set updated_at = '2020-01-01' where id = '{id}'; update dispatch set settled_at = '2020-01-01' where instance = '{id}'");
            }
        }

        var whole = await Names($"/servers?{query}");
        var paged = new List<string>();
        for (var page = await Get($"/servers?limit=1&{query}"); ; page = await Home.SendAsync("GET", new Uri(page.Json.GetProperty("servers_links")[0].GetProperty("href").GetString()!).PathAndQuery, token: _token))
        {
            paged.AddRange(NamesOf(page));
            if (!page.Json.TryGetProperty("servers_links", out _))
                break;
        }

        Assert.That(string.Join(' ', whole), Is.EqualTo(expected));
        Assert.That(paged, Is.EqualTo(whole), "page by page the order is the same");
    }

    [TestCase("%5B", TestName = "A_name_that_is_no_pattern_is_refused")]
    [TestCase("%28%3F%3Cyear%3Eweb%29", TestName = "A_name_that_is_a_pattern_only_in_another_dialect_is_refused")]
    public async Task A_pattern_that_the_database_does_not_know_is_refused(string name)
    {
        await CreateAsync("web");

        var answer = await Home.SendAsync("GET", $"/compute/v2.1/servers?name={name}", token: _token);

        Assert.That(answer.Status, Is.EqualTo(400), answer.ToString());
    }

    [Test]
    public async Task After_a_pattern_that_is_refused_the_same_list_with_a_right_one_answers()
    {
        await CreateAsync("afterwards");

        // More than the connections of the cell, and than the uses after which a statement is prepared.
        for (var i = 0; i < 8; i++)
        {
            Assert.That((await Get("/servers?name=%28%3F%3Cyear%3Eweb%29")).Status, Is.EqualTo(400));
            Assert.That(await Names("/servers?name=%5Eafterwards%24"), Is.EqualTo(new[] { "afterwards" }));
        }
    }

    [Test]
    public async Task Lists_are_filtered_by_what_is_asked()
    {
        var web = Id(await CreateAsync("web-1"));
        await CreateAsync("web-2");
        var db = Id(await Home.CreateServerAsync(_token, "db", await Home.NewFlavorAsync(), await Home.NewImageAsync()));
        await ReportAsync(db, VmState.Active, TaskState.None, PowerState.Running, fault: null);

        Assert.That(await Names("/servers?name=web"), Is.EquivalentTo(new[] { "web-1", "web-2" }));
        Assert.That(await Names("/servers?name=%5Eweb-1%24"), Is.EqualTo(new[] { "web-1" }));
        Assert.That(await Names("/servers?status=active"), Is.EqualTo(new[] { "db" }));
        Assert.That(await Names("/servers?status=BUILD&limit=1"), Is.EqualTo(new[] { "web-2" }));
        Assert.That(await Names("/servers?status=BUILD&status=ACTIVE"), Has.Length.EqualTo(3));
        Assert.That(await Names("/servers?status=UNHEARD-OF"), Is.Empty);
        Assert.That(await Names($"/servers?flavor={_flavor}"), Is.EquivalentTo(new[] { "web-1", "web-2" }));
        Assert.That(await Names($"/servers?image={_image}"), Is.EquivalentTo(new[] { "web-1", "web-2" }));
        Assert.That(await Names("/servers?ip=10."), Is.Empty);
        Assert.That(await Names("/servers?host=h1"), Has.Length.EqualTo(3), "a filter for admins is not there for others");
        Assert.That(AdminNames(await Home.AdminAsync("GET", $"/compute/v2.1/servers?all_tenants=1&project_id={_project}&host=h1")), Is.EqualTo(new[] { "db" }));
        Assert.That(AdminNames(await Home.AdminAsync("GET", $"/compute/v2.1/servers?all_tenants=1&project_id={_project}&vm_state=active&power_state=1")), Is.EqualTo(new[] { "db" }));
        Assert.That(AdminNames(await Home.AdminAsync("GET", $"/compute/v2.1/servers?all_tenants=1&uuid={web}")), Is.EqualTo(new[] { "web-1" }));
        Assert.That(AdminNames(await Home.AdminAsync("GET", $"/compute/v2.1/servers?project_id={_project}")), Is.Empty, "without all_tenants it is one's own project");
    }

    [Test]
    public async Task Deleted_servers_are_seen_by_admins_who_ask_and_in_changes_since()
    {
        var id = Id(await CreateAsync("gone"));
        await Delete(id);
        await CreateAsync("there");
        var deleted = await Home.AdminAsync("GET", $"/compute/v2.1/servers/detail?all_tenants=1&project_id={_project}&deleted=True");
        var changed = await Get("/servers/detail?changes-since=2020-01-01T00:00:00Z");
        var none = await Names("/servers?changes-since=2120-01-01T00:00:00Z");

        Assert.That(NamesOf(deleted), Is.EqualTo(new[] { "gone" }));
        Assert.That(deleted.Json.GetProperty("servers")[0].GetProperty("status").GetString(), Is.EqualTo("DELETED"));
        Assert.That(deleted.Json.GetProperty("servers")[0].GetProperty("OS-SRV-USG:terminated_at").ValueKind, Is.EqualTo(JsonValueKind.String));
        Assert.That(NamesOf(changed), Is.EquivalentTo(new[] { "gone", "there" }));
        Assert.That(none, Is.Empty);
        Assert.That(await Names("/servers?deleted=True"), Is.EqualTo(new[] { "there" }), "deleted is for admins");
        Assert.That((await Get("/servers?status=DELETED")).Status, Is.EqualTo(403));
    }

    [Test]
    public async Task A_full_lane_and_a_database_that_is_away_are_503_with_a_time_to_come_back()
    {
        Home.Dispatch.Next = new DispatchOutcome.LaneFull(CellName.Parse("east"), TimeSpan.FromSeconds(5));
        var full = await CreateAsync("x");
        Home.Dispatch.Next = new DispatchOutcome.Ended(new CommitOutcome.Unavailable("The database is being restarted."));
        var away = await CreateAsync("x");

        Assert.That((full.Status, full.FaultName, full.Header("Retry-After")), Is.EqualTo((503, "serviceUnavailable", "5")));
        Assert.That(full.Message, Does.Contain("east"));
        Assert.That((away.Status, away.FaultName, away.Header("Retry-After")), Is.EqualTo((503, "serviceUnavailable", "1")));
        Assert.That(await Names("/servers"), Is.Empty);
    }

    private Task<Answer> CreateAsync(string name, string more = "") => Home.CreateServerAsync(_token, name, _flavor, _image, more);

    private Task<Answer> Get(string path) => Home.SendAsync("GET", "/compute/v2.1" + path, token: _token);

    private Task<Answer> Delete(string id) => Home.SendAsync("DELETE", $"/compute/v2.1/servers/{id}", token: _token);

    private async Task<string[]> Names(string path) => NamesOf(await Get(path));

    private static string[] AdminNames(Answer answer) => NamesOf(answer);

    private static string[] NamesOf(Answer answer)
    {
        Assert.That(answer.Status, Is.EqualTo(200), answer.ToString());
        return [.. answer.Json.GetProperty("servers").EnumerateArray().Select(server => server.GetProperty("name").GetString()!)];
    }

    private static string Id(Answer created) => created.Json.GetProperty("server").GetProperty("id").GetString()!;

    private static async Task CommitAsync(params IWrite[] writes) =>
        Assert.That(await Home.Committer.CommitAsync(new Change(writes)), Is.InstanceOf<CommitOutcome.Committed>());

    // As the state lane would bring it.
    private static Task ReportAsync(string id, VmState state, TaskState task, PowerState power, string? fault) => Home.ReportAsync(id, state, task, power, fault);
}
