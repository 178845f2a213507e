using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>What others run on a cell's hosts is told upward by itself, without a change of ours.</summary>
public sealed class OutsideUsageTests
{
    private ComputeWorld? _running;

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task A_vm_that_somebody_else_starts_is_shown_above_with_the_memory_it_takes()
    {
        var world = _running = await ComputeWorld.StartAsync(hosts: 2);
        var host = world.ParentCell.Hosts[1];

        world.Fleet.Inject(new SimFault.ForeignVm(host.Name, "theirs", 4L << 30, 1));

        await world.ParentCell.HostAsync(host.Name, shown => shown.OutsideMemoryMib >= host.OutsideMemoryMib + 4_096);
        Assert.That(world.ParentCell.Hosts[0].OutsideMemoryMib, Is.EqualTo(host.OutsideMemoryMib), "the other host has nothing new");
    }
}
