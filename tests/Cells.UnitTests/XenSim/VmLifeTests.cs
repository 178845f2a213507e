using Cells.XenSim.Core;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class VmLifeTests
{
    [Test]
    public void A_started_vm_runs_on_the_host_with_its_devices_attached()
    {
        var sim = new SimDriver();

        var (vm, vdi) = sim.Boot();

        var record = sim.Ask("VM.get_record", vm);
        Assert.Multiple(() =>
        {
            Assert.That(record.GetProperty("power_state").GetString(), Is.EqualTo("Running"));
            Assert.That(record.GetProperty("resident_on").GetString(), Is.EqualTo(sim.Host()));
            Assert.That(record.GetProperty("domid").GetInt64(), Is.EqualTo(1));
            Assert.That(record.GetProperty("scheduled_to_be_resident_on").GetString(), Is.EqualTo("OpaqueRef:NULL"));
            Assert.That(sim.Ask("VBD.get_device", record.GetProperty("VBDs")[0].GetString()).GetString(), Is.EqualTo("xvda"));
            Assert.That(sim.Ask("VBD.get_currently_attached", record.GetProperty("VBDs")[0].GetString()).GetBoolean(), Is.True);
            Assert.That(sim.Ask("VIF.get_currently_attached", record.GetProperty("VIFs")[0].GetString()).GetBoolean(), Is.True);
            Assert.That(sim.Ask("console.get_protocol", record.GetProperty("consoles")[0].GetString()).GetString(), Is.EqualTo("rfb"));
            Assert.That(sim.Ask("VDI.get_VBDs", vdi)[0].GetString(), Is.EqualTo(record.GetProperty("VBDs")[0].GetString()));
            Assert.That(sim.Ask("host.get_resident_VMs", sim.Host()).GetArrayLength(), Is.EqualTo(2), "the control domain and this one");
        });
    }

    [TestCase("VM.unpause", "halted", "paused")]
    [TestCase("VM.pause", "halted", "running")]
    [TestCase("VM.hard_shutdown", "halted", "paused, suspended, running")]
    [TestCase("VM.clean_shutdown", "halted", "running")]
    [TestCase("VM.hard_reboot", "halted", "paused, running")]
    public void An_operation_in_the_wrong_state_names_expected_and_actual_in_lower_case(string method, string actual, string expected)
    {
        var sim = new SimDriver();
        var vm = sim.Vm();

        var refused = sim.Refused(method, vm);

        Assert.That(refused.Code, Is.EqualTo("VM_BAD_POWER_STATE"));
        Assert.That(refused.Parameters, Is.EqualTo(new[] { vm, expected, actual }));
    }

    [Test]
    public void A_blocked_operation_is_told_before_the_power_state()
    {
        var sim = new SimDriver();
        var (vm, _) = sim.Boot();
        sim.Ask("VM.add_to_blocked_operations", vm, "start", "rescue");

        var refused = sim.Refused("VM.start", vm, false, false);

        Assert.That((refused.Code, refused.Parameters[1]), Is.EqualTo(("OPERATION_BLOCKED", "rescue")));
    }

    [Test]
    public void A_template_cannot_start_and_the_default_one_cannot_be_destroyed()
    {
        var sim = new SimDriver();
        var template = sim.Ask("VM.get_by_name_label", "Other install media")[0].GetString()!;

        Assert.That(sim.Refused("VM.start", template, false, false).Code, Is.EqualTo("VM_IS_TEMPLATE"));
        Assert.That(sim.Refused("VM.destroy", template).Code, Is.EqualTo("VM_CANNOT_DELETE_DEFAULT_TEMPLATE"));
    }

    [Test]
    public void Destroying_a_vm_takes_its_devices_but_never_its_disks()
    {
        var sim = new SimDriver();
        var (vm, vdi) = sim.Boot();
        sim.Ask("VM.hard_shutdown", vm);

        sim.Ask("VM.destroy", vm);

        Assert.That(sim.Refused("VM.get_record", vm).Parameters, Is.EqualTo(new[] { "VM", vm }));
        Assert.That(sim.Ask("VBD.get_all").GetArrayLength(), Is.Zero);
        Assert.That(sim.Ask("VIF.get_all").GetArrayLength(), Is.Zero);
        Assert.That(sim.Ask("VDI.get_VBDs", vdi).GetArrayLength(), Is.Zero);
    }

    [Test]
    public void A_running_vm_cannot_be_destroyed()
    {
        var sim = new SimDriver();
        var (vm, _) = sim.Boot();

        Assert.That(sim.Refused("VM.destroy", vm).Parameters, Is.EqualTo(new[] { vm, "halted, suspended", "running" }));
    }

    [Test]
    public void An_HVM_guest_without_tools_refuses_a_clean_shutdown_but_not_a_hard_one()
    {
        var sim = new SimDriver(new XenSimOptions { GuestToolsAfter = null });
        var (vm, _) = sim.Boot();

        Assert.That(sim.Refused("VM.clean_shutdown", vm).Code, Is.EqualTo("VM_LACKS_FEATURE"));
        sim.Ask("VM.hard_shutdown", vm);
        Assert.That(sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Halted"));
    }

    [Test]
    public void Suspending_keeps_the_devices_and_resuming_brings_the_vm_back()
    {
        var sim = new SimDriver();
        var (vm, _) = sim.Boot();

        sim.Ask("VM.suspend", vm);

        Assert.That(sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Suspended"));
        Assert.That(sim.Ask("VBD.get_currently_attached", sim.Ask("VM.get_VBDs", vm)[0].GetString()).GetBoolean(), Is.True);
        sim.Ask("VM.resume", vm, false, false);
        Assert.That(sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Running"));
        Assert.That(sim.Ask("VM.get_suspend_VDI", vm).GetString(), Is.EqualTo("OpaqueRef:NULL"));
    }

    [Test]
    public void A_constructor_record_without_a_mandatory_field_is_an_internal_error_that_names_it()
    {
        var sim = new SimDriver();
        var record = SimDriver.VmRecord("vm");
        record.Remove("user_version");

        var refused = sim.Refused("VM.create", record);

        Assert.That(refused.Code, Is.EqualTo("INTERNAL_ERROR"));
        Assert.That(refused.Parameters[0], Does.Contain("Dispatcher_FieldNotFound(\"user_version\")"));
    }

    [Test]
    public void A_constructor_record_may_hold_unknown_and_read_only_members()
    {
        var sim = new SimDriver();
        var record = SimDriver.VmRecord("vm");
        record["power_of_wishes"] = 3;
        record["domid"] = "many";

        var vm = sim.Ref("VM.create", record);

        Assert.That(sim.Ask("VM.get_domid", vm).GetInt64(), Is.EqualTo(-1));
    }

    [Test]
    public void A_vm_gets_a_mac_seed_and_its_overhead_when_it_is_made()
    {
        var sim = new SimDriver();

        var record = sim.Ask("VM.get_record", sim.Vm());

        Assert.That(record.GetProperty("other_config").TryGetProperty("mac_seed", out _), Is.True);
        Assert.That(record.GetProperty("memory_overhead").GetInt64(), Is.EqualTo(12L << 20));
    }
}
