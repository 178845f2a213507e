using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class SimFaultTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Only_the_nth_call_fails_and_it_has_no_effect()
    {
        var sim = new SimDriver();
        sim.Inject(new SimFault.OnCall("VM.create", FaultKind.Fail, "INTERNAL_ERROR", ["as asked"], Nth: 2));

        var first = sim.Vm("first");
        Assert.That(Assert.Throws<XenApiError>(() => sim.Vm("second"))!.Message, Is.EqualTo("INTERNAL_ERROR [as asked]"));
        sim.Vm("third");

        Assert.That(sim.Ask("VM.get_name_label", first).GetString(), Is.EqualTo("first"));
        Assert.That(sim.Core.Account()[0].Vms.Select(v => v.Name), Is.EqualTo(new[] { "first", "third" }));
    }

    [Test]
    public void An_answer_lost_after_the_effect_leaves_the_effect()
    {
        var sim = new SimDriver();
        sim.Inject(new SimFault.OnCall("VM.create", FaultKind.LoseAnswer));

        var call = sim.Send("VM.create", sim.Session, SimDriver.VmRecord("there"));

        Assert.That(sim.Answer(call)!.ConnectionLost, Is.True);
        Assert.That(sim.Core.Account()[0].Vms.Single().Name, Is.EqualTo("there"));
    }

    [Test]
    public void A_dropped_request_has_no_effect_and_a_hanging_one_no_answer_either()
    {
        var sim = new SimDriver();
        sim.Inject(new SimFault.OnCall("VM.create", FaultKind.DropRequest));
        sim.Inject(new SimFault.OnCall("VM.create", FaultKind.Hang, Nth: 2));

        var dropped = sim.Send("VM.create", sim.Session, SimDriver.VmRecord("a"));
        var hanging = sim.Send("VM.create", sim.Session, SimDriver.VmRecord("b"));
        sim.Pass(TimeSpan.FromDays(1));

        Assert.That(sim.Answer(dropped)!.ConnectionLost, Is.True);
        Assert.That(sim.Answer(hanging), Is.Null);
        Assert.That(sim.Core.Account()[0].Vms, Is.Empty);
    }

    [Test]
    public void A_fault_by_the_plain_name_fails_an_asynchronous_call_inside_its_task()
    {
        var sim = new SimDriver();
        var vm = sim.Vm();
        sim.Inject(new SimFault.OnCall("VM.start_on", FaultKind.Fail, "HOST_NOT_ENOUGH_FREE_MEMORY", ["2", "1"]));
        sim.Inject(new SimFault.OnCall("Async.VM.start_on", FaultKind.Fail, "TOO_MANY_PENDING_TASKS", Nth: 2));

        var task = sim.Ref("Async.VM.start_on", vm, sim.Host(), false, false);

        Assert.That(sim.Ask("task.get_error_info", task)[0].GetString(), Is.EqualTo("HOST_NOT_ENOUGH_FREE_MEMORY"));
        Assert.That(sim.Refused("Async.VM.start_on", vm, sim.Host(), false, false).Code, Is.EqualTo("TOO_MANY_PENDING_TASKS"));
    }

    [Test]
    public void After_a_power_loss_the_objects_are_there_and_the_domains_are_not()
    {
        var sim = new SimDriver();
        var (vm, vdi) = sim.Boot();
        var poll = sim.Send("event.from", sim.Session, new[] { "vm" }, "00000000000000099999,00000000000000000000", 60.0);

        sim.Inject(new SimFault.PowerLoss("host-1", TimeSpan.FromMinutes(3)));
        Assert.That(sim.Answer(poll)!.ConnectionLost, Is.True);
        Assert.That(sim.Answer(sim.Send("pool.get_all", sim.Session))!.ConnectionLost, Is.True, "nobody answers while it is off");
        Assert.That(sim.Core.Hosts[0].Powered, Is.False);
        sim.Pass(TimeSpan.FromMinutes(3));

        Assert.That(sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Halted"));
        Assert.That(sim.Ask("VM.get_resident_on", vm).GetString(), Is.EqualTo("OpaqueRef:NULL"));
        Assert.That(sim.Ask("VDI.get_VBDs", vdi).GetArrayLength(), Is.EqualTo(1));
        sim.Ask("VM.start", vm, false, false);
        Assert.That(sim.Ask("VM.get_domid", vm).GetInt64(), Is.EqualTo(1), "domains are counted from the boot");
    }

    [Test]
    public void A_toolstack_restart_cancels_tasks_and_breaks_connections_but_vms_run_on([Range(1, 8)] int seed)
    {
        var sim = new SimDriver(new XenSimOptions { Latency = LatencyProfile.Instant.With("VM.start", new Latency.Uniform(Second, Second)) }, seed: (ulong)seed);
        var running = sim.Vm("running");
        sim.Send("VM.start", sim.Session, running, false, false);
        sim.Pass(Second);
        var starting = sim.Vm("starting");
        var task = sim.Ref("Async.VM.start", starting, false, false);

        sim.Inject(new SimFault.RestartToolstack("host-1", TimeSpan.FromSeconds(20)));
        sim.Pass(TimeSpan.FromSeconds(20));

        Assert.That(sim.Ask("VM.get_power_state", running).GetString(), Is.EqualTo("Running"));
        Assert.That(sim.Ask("task.get_status", task).GetString(), Is.EqualTo("cancelled"));
        Assert.That(sim.Ask("VM.get_power_state", starting).GetString(), Is.EqualTo("Running").Or.EqualTo("Halted"), "chance decides whether the effect happened");
        Assert.That(sim.Ask("VM.get_scheduled_to_be_resident_on", starting).GetString(), Is.EqualTo("OpaqueRef:NULL"));
        Assert.That(sim.Ask("VM.get_current_operations", starting).EnumerateObject().Any(), Is.False);
    }

    [TestCase(GuestEnd.Shutdown, "Halted", 0)]
    [TestCase(GuestEnd.Reboot, "Running", 2)]
    [TestCase(GuestEnd.Crash, "Halted", 0)]
    public void A_guest_that_ends_by_itself_follows_the_vms_settings(GuestEnd how, string state, long domid)
    {
        var sim = new SimDriver();
        var (vm, _) = sim.Boot();

        sim.Inject(new SimFault.GuestEnds(sim.Ask("VM.get_uuid", vm).GetString()!, how));

        Assert.That(sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo(state));
        Assert.That(sim.Ask("VM.get_domid", vm).GetInt64(), Is.EqualTo(domid == 0 ? -1 : domid));
    }

    [Test]
    public void A_foreign_vm_takes_memory_and_bears_no_stamp()
    {
        var sim = new SimDriver();
        var free = sim.Ask("host.compute_free_memory", sim.Host()).GetInt64();

        sim.Inject(new SimFault.ForeignVm("host-1", "somebody's", 4L << 30, 2));

        Assert.That(sim.Ask("host.compute_free_memory", sim.Host()).GetInt64(), Is.LessThan(free - (4L << 30)));
        Assert.That(sim.Core.Account()[0].Domains.Single().OtherConfig.Keys, Is.EqualTo(new[] { "mac_seed" }));
    }

    [Test]
    public void Ended_sessions_are_invalid()
    {
        var sim = new SimDriver();

        sim.Inject(new SimFault.EndSessions());

        Assert.That(sim.Refused("pool.get_all").Code, Is.EqualTo("SESSION_INVALID"));
    }

    [Test]
    public void Accounting_counts_what_each_session_changed()
    {
        var sim = new SimDriver();
        sim.Boot();
        sim.Ask("VM.get_all_records");

        var mutations = sim.Core.Account()[0].Mutations[sim.Session];

        Assert.That(mutations.Select(m => (m.Key, m.Value)), Is.EquivalentTo(new[] { ("VBD.create", 1L), ("VDI.create", 1L), ("VIF.create", 1L), ("VM.create", 1L), ("VM.start", 1L) }));
    }

    [Test]
    public void The_same_seed_and_requests_give_the_same_bytes()
    {
        static string Run()
        {
            var sim = new SimDriver(new XenSimOptions { Latency = LatencyProfile.Realistic }, seed: 99);
            sim.Send("VM.create", sim.Session, SimDriver.VmRecord("x"));
            sim.Pass(TimeSpan.FromSeconds(1));
            var all = sim.Send("VM.get_all_records", sim.Session);
            sim.Pass(TimeSpan.FromSeconds(1));
            return sim.Answer(all)!.Text;
        }

        var (first, second) = (Run(), Run());

        Assert.That(second, Is.EqualTo(first));
        Assert.That(first, Does.Contain("\"x\""));
    }
}
