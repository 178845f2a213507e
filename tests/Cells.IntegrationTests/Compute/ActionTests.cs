using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>Actions on an instance, in a compute cell against simulated hosts: what is asked becomes XenAPI calls, each intent's effect once, in order.</summary>
public sealed class ActionTests
{
    private ComputeWorld? _running;
    private BuildInstance _server = null!;

    private ComputeWorld World => _running!;

    [SetUp]
    public async Task StartWorld()
    {
        _running = await ComputeWorld.StartAsync(hosts: 1);
        _server = World.NewBuild();
        await World.BuildAsync(_server);
    }

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task A_day_of_a_server_is_what_its_host_shows_after_each_action()
    {
        (InstanceAction Action, VmState State, PowerState Power)[] day =
        [
            (InstanceAction.Stop, VmState.Stopped, PowerState.Shutdown),
            (InstanceAction.Start, VmState.Active, PowerState.Running),
            (InstanceAction.Pause, VmState.Paused, PowerState.Paused),
            (InstanceAction.Unpause, VmState.Active, PowerState.Running),
            (InstanceAction.Suspend, VmState.Suspended, PowerState.Suspended),
            (InstanceAction.Resume, VmState.Active, PowerState.Running),
            (InstanceAction.RebootSoft, VmState.Active, PowerState.Running),
            (InstanceAction.RebootHard, VmState.Active, PowerState.Running),
        ];
        var intent = 1L;
        foreach (var (action, state, power) in day)
        {
            var ended = await ActAsync(action, ++intent);
            var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent >= intent);

            Assert.That((ended.Outcome, ended.Reason, ended.HostName), Is.EqualTo((ActionOutcome.Done, (string?)null, "host-1")), $"{action}");
            Assert.That((row.VmState, row.PowerState, row.TaskState, row.Step, row.Refusal), Is.EqualTo((state, power, TaskState.None, (string?)null, (string?)null)), $"{action}");
            Assert.That(World.Fleet.Account().SelectMany(h => h.Vms).Single(v => v.OtherConfig.ContainsKey("cells-instance")).PowerState,
                Is.EqualTo(power == PowerState.Shutdown ? "Halted" : power.ToString()), $"{action}");
        }
        Assert.That(World.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That((await World.PromisedAsync()).Claims, Is.EqualTo(3));
    }

    [Test]
    public async Task A_hard_reboot_of_what_does_not_run_starts_it([Values(InstanceAction.Stop, InstanceAction.Suspend, InstanceAction.Pause)] InstanceAction before)
    {
        await ActAsync(before, 2);

        var ended = await ActAsync(InstanceAction.RebootHard, 3);

        Assert.That(ended.Outcome, Is.EqualTo(ActionOutcome.Done));
        Assert.That(Domain.PowerState, Is.EqualTo("Running"));
    }

    [Test]
    public async Task A_guest_that_does_not_shut_down_is_switched_off_when_its_time_is_over()
    {
        World.GuestPatience = TimeSpan.FromSeconds(1.5);
        await World.RestartCellAsync();
        World.Fleet.Inject(new SimFault.GuestIgnores(Domain.VmUuid));

        var ended = await ActAsync(InstanceAction.Stop, 2);

        Assert.That(ended.Outcome, Is.EqualTo(ActionOutcome.Done));
        Assert.That(ended.EndedAt - ended.BeganAt, Is.GreaterThan(TimeSpan.FromSeconds(1.4)));
        Assert.That(World.Held(_server.Instance), Is.EqualTo((0, 1, 1)));
        Assert.That(Calls("VM.hard_shutdown"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_guest_that_does_not_reboot_is_rebooted_hard_once()
    {
        World.GuestPatience = TimeSpan.FromSeconds(1.5);
        await World.RestartCellAsync();
        var before = Domain.Domid;
        World.Fleet.Inject(new SimFault.GuestIgnores(Domain.VmUuid));

        await ActAsync(InstanceAction.RebootSoft, 2);

        Assert.That((Domain.Domid, Calls("VM.hard_reboot")), Is.EqualTo((before + 1, 1)));
    }

    [TestCase(InstanceAction.RebootHard, "VM.hard_reboot")]
    [TestCase(InstanceAction.RebootSoft, "VM.clean_reboot")]
    public async Task A_reboot_whose_answer_was_lost_is_not_done_twice(InstanceAction action, string call)
    {
        var before = Domain.Domid;
        World.Fleet.Inject(new SimFault.OnCall($"Async.{call}", FaultKind.LoseAnswer));

        var ended = await ActAsync(action, 2);

        Assert.That((ended.Outcome, Domain.Domid - before), Is.EqualTo((ActionOutcome.Done, 1L)));
    }

    [Test]
    public async Task A_command_that_comes_again_is_answered_again_and_changes_nothing()
    {
        var first = await ActAsync(InstanceAction.RebootHard, 2);
        var domain = Domain.Domid;

        await World.ParentCell.SendAsync(Act(InstanceAction.RebootHard, 2));
        await World.ParentCell.AnswersAsync(_server.Instance, 3);

        Assert.That(World.ParentCell.AnswersTo(_server.Instance).OfType<InstanceActed>(), Is.EqualTo(new[] { first, first }));
        Assert.That(Domain.Domid, Is.EqualTo(domain));
    }

    [Test]
    public async Task A_cell_that_dies_in_the_middle_goes_on_with_the_step_it_stood_at()
    {
        World.Fleet.Inject(new SimFault.SetLatency(Slow("VM.suspend")));
        var began = World.ParentCell.RowAsync(_server.Instance, r => r.Step is { } step && step.StartsWith("suspend", StringComparison.Ordinal));
        await World.ParentCell.SendAsync(Act(InstanceAction.Suspend, 2));
        await began;

        await World.RestartCellAsync();
        var ended = await World.ParentCell.AnswerAsync<InstanceActed>(_server.Instance);

        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2)).VmState, Is.EqualTo(VmState.Suspended));
    }

    [Test]
    public async Task What_the_host_refuses_ends_as_failed_with_its_reason_and_the_state_is_what_the_host_shows()
    {
        World.Fleet.Inject(new SimFault.OnCall("VM.suspend", FaultKind.Fail, "VM_LACKS_FEATURE", ["x"]));

        var ended = await ActAsync(InstanceAction.Suspend, 2);

        Assert.That(ended.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(ended.Reason, Does.Contain("suspend").And.Contain("VM_LACKS_FEATURE"));
        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);
        Assert.That((row.VmState, row.TaskState, row.Refusal), Is.EqualTo((VmState.Active, TaskState.None, ended.Reason)));
    }

    [Test]
    public async Task A_guard_that_turned_stale_is_refused_below_with_Nova_s_words()
    {
        await ActAsync(InstanceAction.Stop, 2);

        var ended = await ActAsync(InstanceAction.Stop, 3);

        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Refused, $"Cannot 'stop' instance {_server.Instance} while it is in vm_state stopped")));
    }

    [Test]
    public async Task A_delete_outranks_an_action_that_waits_for_its_guest_and_leaves_nothing()
    {
        World.Fleet.Inject(new SimFault.GuestIgnores(Domain.VmUuid));
        var waits = World.ParentCell.RowAsync(_server.Instance, r => r.Step is { } step && step.StartsWith("power-off", StringComparison.Ordinal));
        await World.ParentCell.SendAsync(Act(InstanceAction.Stop, 2));
        await waits;

        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(_server.Instance);
        await World.ParentCell.SendAsync(new DeleteInstance(_server.Instance, 1, 3, _server.Project, "req-3"));

        await deleted;
        Assert.That(World.Held(_server.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(await World.PromisedAsync(), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task A_guest_that_ends_while_it_is_rebooted_runs_again_afterwards()
    {
        World.Fleet.Inject(new SimFault.GuestIgnores(Domain.VmUuid));
        var waits = World.ParentCell.RowAsync(_server.Instance, r => r.Step is { } step && step.StartsWith("reboot", StringComparison.Ordinal));
        await World.ParentCell.SendAsync(Act(InstanceAction.RebootSoft, 2));
        await waits;

        World.Fleet.Inject(new SimFault.GuestEnds(Domain.VmUuid, GuestEnd.Shutdown));
        var ended = await World.ParentCell.AnswerAsync<InstanceActed>(_server.Instance);

        Assert.That((ended.Outcome, Domain.PowerState), Is.EqualTo((ActionOutcome.Done, "Running")));
    }

    private DomainAccount Domain => World.Fleet.Account().SelectMany(h => h.Domains).Single(d => d.OtherConfig.ContainsKey("cells-instance"));

    private long Calls(string method) => World.Fleet.Account().SelectMany(h => h.Mutations.Values).Sum(m => m.Where(c => c.Key.EndsWith(method, StringComparison.Ordinal)).Sum(c => c.Value));

    private static LatencyProfile Slow(string method) => new(
        new Dictionary<string, Latency> { [method] = new Latency.Uniform(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) }, null);

    private ActOnInstance Act(InstanceAction action, long intent) =>
        new(_server.Instance, 1, intent, _server.Project, _server.User, $"req-{intent}", action);

    private async Task<InstanceActed> ActAsync(InstanceAction action, long intent)
    {
        await World.ParentCell.SendAsync(Act(action, intent));
        await World.ParentCell.AnswersAsync(_server.Instance, (int)intent);                 // the build's, and one for each intent
        return World.ParentCell.AnswersTo(_server.Instance).OfType<InstanceActed>().Last();
    }
}
