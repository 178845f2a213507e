using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>What operators say of hosts, in the cell that has them: kept, placed by, and told upward with the host's row.</summary>
public sealed class HostSettingTests
{
    private ComputeWorld? _running;

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task A_disabled_host_takes_nothing_new_also_after_a_crash_until_it_is_enabled()
    {
        var world = _running = await ComputeWorld.StartAsync(hosts: 2);
        var (first, second) = (world.ParentCell.Hosts[0], world.ParentCell.Hosts[1]);
        Assert.That((first.Zone, first.Enabled, first.SettingNumber), Is.EqualTo(("nova", (bool?)true, (long?)null)));

        await SayAsync(world, first, 1, disabled: true);
        var elsewhere = await world.BuildAsync(world.NewBuild());
        await world.RestartCellAsync();
        await world.ParentCell.HostAsync(second.Name, host => host.Status == "suspect" || host.Generation > second.Generation + 1);
        await world.ParentCell.HostsUpAsync(2);
        var again = await world.BuildAsync(world.NewBuild());
        await SayAsync(world, second, 1, disabled: true);
        var full = world.NewBuild();
        var refusal = world.ParentCell.AnswerAsync<PlacementFailed>(full.Instance);
        await world.ParentCell.SendAsync(full);
        var why = (await refusal).Tried[^1].Why!;
        await SayAsync(world, first, 2, disabled: false);
        var back = await world.BuildAsync(world.NewBuild());

        Assert.That((elsewhere.HostName, again.HostName, back.HostName), Is.EqualTo((second.Name, second.Name, first.Name)));
        Assert.That(why.Removed.Single().Examples, Is.All.EndsWith("disabled by an operator: new memory"));
    }

    [Test]
    public async Task A_host_is_in_the_zone_and_the_aggregates_that_its_operator_says()
    {
        var world = _running = await ComputeWorld.StartAsync(hosts: 2);
        var second = world.ParentCell.Hosts[1];

        await SayAsync(world, second, 1, zone: "zone-a", new HostAggregate("fast", new SortedDictionary<string, string> { ["ssd"] = "true" }));
        var inZone = await world.BuildAsync(world.NewBuild() with { Hints = PlacementHints.None with { AvailabilityZone = "zone-a" } });
        var fast = await world.BuildAsync(world.NewBuild(ComputeWorld.Small with { ExtraSpecs = new SortedDictionary<string, string> { ["ssd"] = "true" } }));
        await world.ParentCell.NewsAsync(news => news.Capacity.Groups.Select(group => group.Zone).Order().SequenceEqual(["nova", "zone-a"]));
        var nowhere = world.NewBuild() with { Hints = PlacementHints.None with { AvailabilityZone = "zone-b" } };
        var refused = world.ParentCell.AnswerAsync<PlacementFailed>(nowhere.Instance);
        await world.ParentCell.SendAsync(nowhere);

        Assert.That((inZone.HostName, fast.HostName), Is.EqualTo((second.Name, second.Name)));
        Assert.That((await refused).Tried[^1].Why!.Removed.Single().Filter, Is.EqualTo("availability_zone"));
        Assert.That(world.ParentCell.Hosts[1].Zone, Is.EqualTo("zone-a"));
    }

    [Test]
    public async Task Words_that_come_twice_or_late_change_nothing_and_are_taken()
    {
        var world = _running = await ComputeWorld.StartAsync(hosts: 1);
        var host = world.ParentCell.Hosts[0];

        await SayAsync(world, host, 3, disabled: true);
        foreach (var number in new[] { 3, 1 })
            await world.ParentCell.SendAsync("other key", new ConfigureHost(host.Host, ComputeWorld.Cell, number, Disabled: false, null, ForcedDown: false, null, []));
        await SayAsync(world, host, 4, disabled: true);                     // behind the two, under a key of its own: its end says that both were done
        await world.ParentCell.NewsAsync(news => news.Capacity.CountsWorkUpTo >= 4);

        Assert.That(await world.Database.QueryAsync<long>("select number from host_setting where disabled"), Is.EqualTo(new[] { 4L }));
        Assert.That(await world.Database.QueryAsync<long>("select count(*) from parked_message"), Is.EqualTo(new[] { 0L }));
    }

    private static Task SayAsync(ComputeWorld world, HostRow host, long number, bool disabled) =>
        SayAsync(world, new ConfigureHost(host.Host, ComputeWorld.Cell, number, disabled, disabled ? "new memory" : null, ForcedDown: false, Zone: null, []));

    private static Task SayAsync(ComputeWorld world, HostRow host, long number, string zone, HostAggregate aggregate) =>
        SayAsync(world, new ConfigureHost(host.Host, ComputeWorld.Cell, number, Disabled: false, null, ForcedDown: false, zone, [aggregate]));

    /// <summary>Says it, and waits until the host's row says that its cell follows.</summary>
    private static async Task SayAsync(ComputeWorld world, ConfigureHost word)
    {
        var name = world.ParentCell.Hosts.Single(host => host.Host == word.Host).Name;
        var followed = world.ParentCell.HostAsync(name, host => host.SettingNumber == word.Number);
        await world.ParentCell.SendAsync($"host {word.Host}", word);
        await followed;
    }
}
