using Cells.Contracts;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>What a build with a cached image sends to the host, call by call, as docs/lifecycle.md lists it.</summary>
public sealed class RoundTripTests
{
    // The pool's own stream and the question whether a host lives go on beside any build.
    private static readonly string[] Standing = ["event.from", "system.isAlive"];

    private static readonly string[] Of15 =
    [
        "Async.VM.start_on", "VBD.create", "VDI.add_to_other_config", "VDI.clone", "VDI.get_record", "VDI.resize", "VDI.set_name_label", "VDI.set_other_config",
        "VIF.create", "VM.add_to_other_config", "VM.create", "VM.get_all_records_where", "VM.get_record", "event.inject", "task.destroy",
    ];

    [Test]
    public async Task A_build_of_a_cached_image_is_fifteen_calls_and_fourteen_when_its_disk_need_not_grow()
    {
        await using var world = await ComputeWorld.StartAsync(hosts: 1);
        await world.BuildAsync(world.NewBuild());   // fetches the image, and resolves its disk for this connection

        var grown = await CallsOfAsync(world, ComputeWorld.Small);
        var asItIs = await CallsOfAsync(world, ComputeWorld.Small with { DiskGib = 0 });

        Assert.That(grown, Is.EqualTo(Of15));
        Assert.That(asItIs, Is.EqualTo(Of15.Except(["VDI.resize"])));
    }

    [Test]
    public async Task A_new_connection_resolves_the_images_disk_once_more()
    {
        await using var world = await ComputeWorld.StartAsync(hosts: 1);
        await world.BuildAsync(world.NewBuild());
        var lost = world.ParentCell.HostAsync("host-1", h => h.Status == "suspect");
        world.Fleet.Inject(new SimFault.EndSessions());
        await lost;
        await world.ParentCell.HostsUpAsync(1);

        var first = await CallsOfAsync(world, ComputeWorld.Small);
        var second = await CallsOfAsync(world, ComputeWorld.Small);

        Assert.That(first, Is.EqualTo(Of15.Append("VDI.get_by_uuid").Order(StringComparer.Ordinal)));
        Assert.That(second, Is.EqualTo(Of15));
    }

    private static async Task<IReadOnlyList<string>> CallsOfAsync(ComputeWorld world, Flavor flavor)
    {
        var before = world.Wires.Counts;
        await world.BuildAsync(world.NewBuild(flavor));
        return
        [
            .. world.Wires.Counts.OrderBy(c => c.Key, StringComparer.Ordinal)
                .Where(c => !Standing.Contains(c.Key))
                .SelectMany(c => Enumerable.Repeat(c.Key, c.Value - before.GetValueOrDefault(c.Key))),
        ];
    }
}
