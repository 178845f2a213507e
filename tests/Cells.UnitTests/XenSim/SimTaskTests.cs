using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class SimTaskTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);

    [Test]
    public void An_asynchronous_call_returns_a_task_whose_result_is_XML_RPC_text()
    {
        var sim = new SimDriver();
        var disk = sim.Disk();

        var task = sim.Ref("Async.VDI.clone", disk);

        var record = sim.Ask("task.get_record", task);
        Assert.Multiple(() =>
        {
            Assert.That(record.GetProperty("name_label").GetString(), Is.EqualTo("Async.VDI.clone"));
            Assert.That(record.GetProperty("status").GetString(), Is.EqualTo("success"));
            Assert.That(record.GetProperty("progress").GetDouble(), Is.EqualTo(1.0));
            Assert.That(record.GetProperty("result").GetString(), Does.Match("^<value>OpaqueRef:[-0-9a-f]{36}</value>$"));
        });
    }

    [Test]
    public void A_void_task_result_is_an_empty_value_and_a_failure_its_code_with_parameters()
    {
        var sim = new SimDriver();
        var vm = sim.Vm();

        var good = sim.Ask("task.get_record", sim.Ref("Async.VM.start", vm, false, false));
        var bad = sim.Ask("task.get_record", sim.Ref("Async.VM.unpause", vm));

        Assert.That(good.GetProperty("result").GetString(), Is.EqualTo("<value></value>"));
        Assert.That(bad.GetProperty("status").GetString(), Is.EqualTo("failure"));
        Assert.That(bad.GetProperty("error_info").EnumerateArray().Select(e => e.GetString()), Is.EqualTo(new[] { "VM_BAD_POWER_STATE", vm, "paused", "running" }));
    }

    [Test]
    public void A_synchronous_call_shows_a_task_of_its_session_while_it_runs()
    {
        var sim = Slow("VM.start_on");
        var vm = sim.Vm();
        var call = sim.Send("VM.start_on", sim.Session, vm, sim.Host(), false, false);

        var task = sim.Ask("session.get_tasks", sim.Session)[0].GetString()!;
        Assert.That(sim.Ask("task.get_name_label", task).GetString(), Is.EqualTo("VM.start_on"));
        Assert.That(sim.Ask("VM.get_current_operations", vm).GetProperty(task).GetString(), Is.EqualTo("start_on"));
        Assert.That(sim.Answer(call), Is.Null);

        sim.Pass(FiveSeconds);

        Assert.That(sim.Answer(call)!.Text, Does.Contain("\"result\":\"\""));
        Assert.That(sim.Refused("task.get_record", task).Code, Is.EqualTo("HANDLE_INVALID"));
        Assert.That(sim.Ask("session.get_tasks", sim.Session).GetArrayLength(), Is.Zero);
        Assert.That(sim.Ask("VM.get_current_operations", vm).EnumerateObject().Any(), Is.False);
    }

    [Test]
    public void A_call_that_meets_a_busy_vm_waits_and_is_checked_again()
    {
        var sim = Slow("VM.start");
        var vm = sim.Vm();
        var first = sim.Send("VM.start", sim.Session, vm, false, false);
        var second = sim.Send("VM.start", sim.Session, vm, false, false);
        Assert.That(sim.Answer(second), Is.Null, "it waits instead of failing with OTHER_OPERATION_IN_PROGRESS");

        sim.Pass(FiveSeconds);

        Assert.That(sim.Answer(first)!.Text, Does.Contain("result"));
        Assert.That(Assert.Throws<XenApiError>(() => SimDriver.Result(sim.Answer(second)!))!.Message, Is.EqualTo($"VM_BAD_POWER_STATE [{vm}, halted, running]"));
    }

    [Test]
    public void A_cancelled_start_gives_its_reservation_back()
    {
        var sim = Slow("VM.start");
        var vm = sim.Vm();
        var free = sim.Ask("host.compute_free_memory", sim.Host()).GetInt64();
        var task = sim.Ref("Async.VM.start", vm, false, false);
        Assert.That(sim.Ask("host.compute_free_memory", sim.Host()).GetInt64(), Is.LessThan(free));

        sim.Ask("task.cancel", task);

        Assert.That(sim.Ask("task.get_status", task).GetString(), Is.EqualTo("cancelled"));
        Assert.That(sim.Ask("task.get_error_info", task)[0].GetString(), Is.EqualTo("TASK_CANCELLED"));
        Assert.That(sim.Ask("host.compute_free_memory", sim.Host()).GetInt64(), Is.EqualTo(free));
        sim.Pass(FiveSeconds);
        Assert.That(sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Halted"));
    }

    [Test]
    public void A_hard_shutdown_cancels_a_clean_one()
    {
        var sim = Slow("VM.clean_shutdown");
        var (vm, _) = sim.Boot();
        var clean = sim.Ref("Async.VM.clean_shutdown", vm);

        sim.Ask("VM.hard_shutdown", vm);

        Assert.That(sim.Ask("task.get_status", clean).GetString(), Is.EqualTo("cancelled"));
        Assert.That(sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Halted"));
    }

    [Test]
    public void Work_that_a_hard_shutdown_overtook_does_not_bring_the_vm_back()
    {
        var sim = Slow("VM.pause");
        var (vm, _) = sim.Boot();
        var pause = sim.Ref("Async.VM.pause", vm);

        sim.Ask("VM.hard_shutdown", vm);
        sim.Pass(FiveSeconds);

        Assert.That(sim.Ask("VM.get_power_state", vm).GetString(), Is.EqualTo("Halted"));
        Assert.That(sim.Ask("task.get_error_info", pause)[0].GetString(), Is.EqualTo("VM_BAD_POWER_STATE"));
    }

    [Test]
    public void Destroying_a_pending_task_only_takes_effect_when_it_is_done()
    {
        var sim = Slow("VDI.clone");
        var task = sim.Ref("Async.VDI.clone", sim.Disk());

        sim.Ask("task.destroy", task);
        Assert.That(sim.Ask("task.get_status", task).GetString(), Is.EqualTo("pending"));
        sim.Pass(FiveSeconds);

        Assert.That(sim.Refused("task.get_status", task).Code, Is.EqualTo("HANDLE_INVALID"));
    }

    [Test]
    public void The_collector_keeps_two_hundred_tasks_and_drops_completed_ones_first()
    {
        var sim = new SimDriver();
        var own = sim.Ref("task.create", "transfer", "");
        var disk = sim.Disk();

        for (var i = 0; i < 250; i++) sim.Ask("Async.VDI.snapshot", disk);

        Assert.That(sim.Ask("task.get_all").GetArrayLength(), Is.EqualTo(200));
        Assert.That(sim.Ask("task.get_status", own).GetString(), Is.EqualTo("pending"));
    }

    private static SimDriver Slow(string method) => new(new XenSimOptions
    {
        Latency = LatencyProfile.Instant.With(method, new Latency.Uniform(FiveSeconds, FiveSeconds)),
    });
}
