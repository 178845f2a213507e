using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

/// <summary>A fleet of hundreds of hosts must fit beside everything else on one machine.</summary>
public sealed class SimFootprintTests
{
    private const int Hosts = 20, VmsEach = 20, MostKibEach = 400;

    [Test]
    public void A_host_with_twenty_vms_takes_at_most_400_KiB()
    {
        _ = Filled(1);   // the data model and the methods are there once for all
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var hosts = Enumerable.Range(2, Hosts).Select(Filled).ToList();

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Hosts / 1024;
        TestContext.Out.WriteLine($"{each} KiB a host with {VmsEach} VMs, each with a disk and a network interface");
        Assert.That(each, Is.InRange(1, MostKibEach));
        GC.KeepAlive(hosts);
    }

    private static object Filled(int seed)
    {
        var sim = new SimDriver(seed: (ulong)seed);
        for (var vm = 0; vm < VmsEach; vm++)
            sim.Boot($"vm-{vm}", memory: 512L << 20);
        return sim.Core;
    }
}
