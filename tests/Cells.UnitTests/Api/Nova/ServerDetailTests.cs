using System.Text;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Nova;

public sealed class ServerDetailTests
{
    private static readonly DateTimeOffset T0 = new(2026, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);
    private static readonly InstanceId Id = new(Guid.Parse("0f0f0f0f-0000-4000-8000-000000000001"));
    private static readonly ProjectId Project = new(Guid.Parse("0f0f0f0f-0000-4000-8000-000000000002"));

    [TestCase("clone-disk 3/7", 42)]
    [TestCase("start 7/7", 100)]
    [TestCase("start 9/7", 100)]
    [TestCase("odd", 0)]
    [TestCase("odd 1/0", 0)]
    [TestCase(null, 0)]
    public void Progress_is_the_share_of_steps_done(string? step, int percent) =>
        Assert.That(ServerDetail.Progress(Active().View with { Step = step }), Is.EqualTo(percent));

    [Test]
    public void A_running_server_looks_as_Nova_shows_it_to_its_owner()
    {
        var shown = Show(Active(), forAdmin: false);

        Assert.That(shown, Is.EqualTo("""
            {"id":"0f0f0f0f-0000-4000-8000-000000000001","name":"web","status":"ACTIVE","tenant_id":"0f0f0f0f000040008000000000000002",
            "user_id":"0f0f0f0f000040008000000000000003","metadata":{"tier":"front"},
            "hostId":"HOSTID",
            "image":{"id":"0f0f0f0f-0000-4000-8000-000000000004","links":[{"rel":"bookmark","href":"http://h/compute/images/0f0f0f0f-0000-4000-8000-000000000004"}]},
            "flavor":{"id":"m1.small","links":[{"rel":"bookmark","href":"http://h/compute/flavors/m1.small"}]},
            "created":"2026-05-06T07:08:09Z","updated":"2026-05-06T07:08:19Z","addresses":{},"accessIPv4":"10.0.0.1","accessIPv6":"",
            "links":[{"rel":"self","href":"http://h/compute/v2.1/servers/0f0f0f0f-0000-4000-8000-000000000001"},
            {"rel":"bookmark","href":"http://h/compute/servers/0f0f0f0f-0000-4000-8000-000000000001"}],
            "OS-DCF:diskConfig":"AUTO","progress":0,"OS-EXT-AZ:availability_zone":"nova","config_drive":"","key_name":"laptop",
            "OS-SRV-USG:launched_at":"2026-05-06T07:08:14.123000","OS-SRV-USG:terminated_at":null,
            "OS-EXT-STS:task_state":null,"OS-EXT-STS:vm_state":"active","OS-EXT-STS:power_state":1,"os-extended-volumes:volumes_attached":[]}
            """.ReplaceLineEndings("").Replace("HOSTID", ServerDetail.HostIdOf(Project, "h1"))));
    }

    [Test]
    public void Admins_see_the_host_too()
    {
        var shown = Show(Active(), forAdmin: true);

        Assert.That(shown, Does.Contain("\"OS-EXT-SRV-ATTR:host\":\"h1\",\"OS-EXT-SRV-ATTR:instance_name\":\"instance-0f0f0f0f-0000-4000-8000-000000000001\",\"OS-EXT-SRV-ATTR:hypervisor_hostname\":\"h1\""));
    }

    [TestCase(8, "locked", false)]
    [TestCase(9, "locked", true)]
    [TestCase(18, "description", false)]
    [TestCase(19, "description", true)]
    [TestCase(25, "tags", false)]
    [TestCase(26, "tags", true)]
    [TestCase(62, "trusted_image_certificates", false)]
    [TestCase(63, "trusted_image_certificates", true)]
    [TestCase(70, "server_groups", false)]
    [TestCase(71, "server_groups", true)]
    [TestCase(72, "locked_reason", false)]
    [TestCase(73, "locked_reason", true)]
    [TestCase(2, "OS-EXT-SRV-ATTR:hostname", false)]
    [TestCase(3, "OS-EXT-SRV-ATTR:hostname", true)]
    [TestCase(15, "host_status", false)]
    [TestCase(16, "host_status", true)]
    public void A_member_is_there_from_its_version_on(int minor, string member, bool there)
    {
        var shown = Json(Active(), new ServerShape(new Microversion(minor), ForAdmin: true, ServerAnswer.Show));

        Assert.That(shown.TryGetProperty(member, out _), Is.EqualTo(there));
    }

    [Test]
    public void Groups_are_shown_with_one_server_and_not_in_lists()
    {
        var group = Guid.Parse("0f0f0f0f-0000-4000-8000-0000000000aa");
        var server = Active() with { Intent = Active().Intent with { Group = group } };

        Assert.That(Json(server, new ServerShape(new Microversion(71), false, ServerAnswer.Show)).GetProperty("server_groups").GetRawText(), Is.EqualTo($"[\"{group}\"]"));
        Assert.That(Json(server, new ServerShape(new Microversion(71), false, ServerAnswer.List)).TryGetProperty("server_groups", out _), Is.False);
    }

    [Test]
    public void From_2_47_on_the_flavor_is_shown_as_it_was_ordered()
    {
        var server = Active() with { Intent = Active().Intent with { Flavor = new Flavor("1", "m1", 2, 1024, 10) { ExtraSpecs = new SortedDictionary<string, string> { ["a"] = "b" } } } };

        Assert.That(Json(server, new ServerShape(new Microversion(47), false, ServerAnswer.Show)).GetProperty("flavor").GetRawText(),
            Is.EqualTo("""{"original_name":"m1","vcpus":2,"ram":1024,"disk":10,"ephemeral":0,"swap":0,"extra_specs":{"a":"b"}}"""));
    }

    [TestCase("up", "UP")]
    [TestCase("down", "DOWN")]
    [TestCase("suspect", "UNKNOWN")]
    [TestCase("maintenance", "MAINTENANCE")]
    [TestCase(null, "UNKNOWN")]
    public void Admins_see_how_the_host_is(string? status, string shown) => Assert.That(
        Json(Active() with { HostStatus = status }, new ServerShape(new Microversion(16), ForAdmin: true, ServerAnswer.Show)).GetProperty("host_status").GetString(),
        Is.EqualTo(shown));

    [TestCase("Web Server_1", "web-server-1")]
    [TestCase("a.b.c", "a-b-c")]
    [TestCase("-x-", "x")]
    [TestCase("\u4e2d", "server-0f0f0f0f-0000-4000-8000-000000000001")]
    public void A_host_name_is_made_of_what_DNS_takes(string name, string hostname) => Assert.That(Hostname.Of(name, Id), Is.EqualTo(hostname));

    [Test]
    public void A_host_name_has_at_most_63_characters() => Assert.That(Hostname.Of(new string('a', 62) + "-b", Id), Is.EqualTo(new string('a', 62)));

    [Test]
    public void Host_ids_tell_projects_apart_and_not_hosts_names()
    {
        var other = new ProjectId(Guid.Parse("0f0f0f0f-0000-4000-8000-000000000009"));

        Assert.That(ServerDetail.HostIdOf(Project, "h1"), Does.Match("^[0-9a-f]{56}$"));
        Assert.That(ServerDetail.HostIdOf(Project, "h1"), Is.Not.EqualTo(ServerDetail.HostIdOf(other, "h1")).And.Not.EqualTo(ServerDetail.HostIdOf(Project, "h2")));
        Assert.That(ServerDetail.HostIdOf(Project, null), Is.Empty);
    }

    private static Server Active() => new(
        new InstanceIntent(
            Id, Project, new UserId(Guid.Parse("0f0f0f0f-0000-4000-8000-000000000003")), "web",
            new SortedDictionary<string, string> { ["tier"] = "front" }, new Flavor("m1.small", "m1.small", 1, 512, 10), Guid.Empty,
            new ImageSpec(new ImageId(Guid.Parse("0f0f0f0f-0000-4000-8000-000000000004")), 1, "00", "raw"), "laptop", PlacementHints.None, "AUTO", "10.0.0.1", null,
            "r-1", 1, Desired.Active, "req-1", T0.AddMinutes(10), T0, T0, null),
        new ViewDispatch(1, DispatchState.Placed, CellName.Parse("east"), null, T0.AddSeconds(1), null),
        new InstanceRow(Id, Project, 1, 5, CellName.Parse("east-1"), new HostId(Guid.Empty), "h1", VmState.Active, TaskState.None, PowerState.Running, 1, 1, false, null, null,
            T0.AddSeconds(5), T0.AddSeconds(10)));

    private static JsonElement Json(Server server, ServerShape shape) => JsonDocument.Parse(Show(server, shape)).RootElement;

    private static string Show(Server server, bool forAdmin) => Show(server, new ServerShape(Microversion.Minimum, forAdmin, ServerAnswer.Show));

    private static string Show(Server server, ServerShape shape) =>
        Encoding.UTF8.GetString(ApiResult.Ok(w => ServerDetail.Write(w, server, "http://h", shape)).Body.Span);
}
