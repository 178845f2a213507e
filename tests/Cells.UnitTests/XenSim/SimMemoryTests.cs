using Cells.XenSim.Core;
using Cells.XenSim.Core.Vms;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class SimMemoryTests
{
    private const long Gib = 1L << 30;
    private const long Mib = 1L << 20;

    [TestCase("hvm", 1, 1024, 12)]
    [TestCase("hvm", 4, 8192, 71)]
    [TestCase("pv", 1, 1024, 11)]
    [TestCase("pv_in_pvh", 1, 1024, 11 + 23 + 11)]
    public void The_overhead_is_that_of_xapi(string type, int vcpus, int memoryMib, int expectedMib)
    {
        Assert.That(VmMemory.OverheadMib(type, vcpus, memoryMib, 1.0), Is.EqualTo(expectedMib));
    }

    [Test]
    public void Free_memory_is_what_the_host_has_less_itself_its_control_domain_and_its_vms()
    {
        var sim = Host(16);
        Assert.That(Free(sim), Is.EqualTo((16 * Gib) - Gib - (512 * Mib)));

        sim.Boot(memory: 8 * Gib, vcpus: 4);

        Assert.That(Free(sim), Is.EqualTo((16 * Gib) - Gib - (512 * Mib) - (8 * Gib) - (71 * Mib)));
        Assert.That(sim.Core.Account()[0].MemoryUsedBytes, Is.EqualTo((16 * Gib) - Free(sim)));
    }

    [Test]
    public void A_start_that_does_not_fit_names_what_it_needs_and_what_there_is()
    {
        var sim = Host(4);
        var vm = sim.Vm(memory: 4 * Gib);

        var refused = sim.Refused("VM.start_on", vm, sim.Host(), false, false);

        Assert.That(refused.Code, Is.EqualTo("HOST_NOT_ENOUGH_FREE_MEMORY"));
        Assert.That(refused.Parameters, Is.EqualTo(new[] { ((4 * Gib) + (36 * Mib)).ToString(), Free(sim).ToString() }));
        Assert.That(sim.Refused("VM.start", vm, false, false).Code, Is.EqualTo("HOST_NOT_ENOUGH_FREE_MEMORY"), "the choice leaves memory out, the boot does not");
    }

    [Test]
    public void Starts_under_way_have_their_memory_reserved()
    {
        var second = TimeSpan.FromSeconds(1);
        var sim = Host(8, new XenSimOptions { Latency = LatencyProfile.Instant.With("VM.start_on", new Latency.Uniform(second, second)) });
        var (a, b) = (sim.Vm("a", memory: 4 * Gib), sim.Vm("b", memory: 4 * Gib));
        sim.Send("VM.start_on", sim.Session, a, sim.Host(), false, false);

        Assert.That(sim.Refused("VM.start_on", b, sim.Host(), false, false).Code, Is.EqualTo("HOST_NOT_ENOUGH_FREE_MEMORY"));
    }

    [Test]
    public void The_checks_of_start_on_come_in_a_hosts_order()
    {
        var sim = Host(4);
        var vm = sim.Vm(vcpus: 64, memory: 64 * Gib);
        sim.Ask("host.disable", sim.Host());

        Assert.That(sim.Refused("VM.start_on", vm, sim.Host(), false, false).Message, Is.EqualTo($"HOST_DISABLED [{sim.Host()}]"));
        Assert.That(sim.Refused("VM.start", vm, false, false).Code, Is.EqualTo("NO_HOSTS_AVAILABLE"));
        sim.Ask("host.enable", sim.Host());
        Assert.That(sim.Refused("VM.assert_can_boot_here", vm, sim.Host()).Message, Is.EqualTo("HOST_NOT_ENOUGH_PCPUS [64, 16]"));
        sim.Ask("VM.set_VCPUs_at_startup", vm, 1);
        sim.Ask("VM.set_VCPUs_max", vm, 1);
        Assert.That(sim.Refused("VM.assert_can_boot_here", vm, sim.Host()).Code, Is.EqualTo("HOST_NOT_ENOUGH_FREE_MEMORY"));
        Assert.That(sim.Ask("VM.get_possible_hosts", vm).GetArrayLength(), Is.Zero);
    }

    [Test]
    public void A_disk_whose_repository_is_not_plugged_keeps_the_vm_from_the_host()
    {
        var sim = Host(8);
        var (vm, vdi) = (sim.Vm(), sim.Disk());
        sim.Vbd(vm, vdi);
        sim.Ask("PBD.unplug", sim.Ask("PBD.get_all")[0].GetString());

        Assert.That(sim.Refused("VM.start_on", vm, sim.Host(), false, false).Message, Is.EqualTo($"VM_REQUIRES_SR [{vm}, {sim.LocalSr()}]"));
        Assert.That(sim.Refused("SR.scan", sim.LocalSr()).Message, Is.EqualTo($"SR_HAS_NO_PBDS [{sim.LocalSr()}]"));
    }

    private static SimDriver Host(int memoryGib, XenSimOptions? options = null) => new(options,
        new HostShape { Name = "host-1", MemoryBytes = memoryGib * Gib, ControlDomainBytes = Gib, MemoryOverheadBytes = 512 * Mib });

    private static long Free(SimDriver sim) => sim.Ask("host.compute_free_memory", sim.Host()).GetInt64();
}
