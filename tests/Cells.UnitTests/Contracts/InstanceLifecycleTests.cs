using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Contracts;

/// <summary>Every action in every state answers as Nova's table says (Nova API 2.1, server actions), which is written down here once more.</summary>
public sealed class InstanceLifecycleTests
{
    private static readonly InstanceId Id = new(Guid.Parse("11111111-1111-4111-8111-111111111111"));

    // action, vm_states that take it ("any" for all), task_states beside none ("any" for all), task_state set at once, launched needed, held back by a lock
    private static readonly (InstanceAction Action, string VmStates, string Tasks, string? Sets, bool Launched, bool Locked)[] Nova =
    [
        (InstanceAction.Delete, "any", "any", "deleting", false, true),
        (InstanceAction.Start, "stopped", "", "powering-on", true, true),
        (InstanceAction.Stop, "active error", "", "powering-off", true, true),
        (InstanceAction.RebootSoft, "active", "", "rebooting", true, true),
        (InstanceAction.RebootHard, "active stopped paused suspended error",
            "rebooting reboot_pending reboot_started rebooting_hard resuming unpausing pausing suspending", "rebooting_hard", true, true),
        (InstanceAction.Pause, "active", "", "pausing", true, true),
        (InstanceAction.Unpause, "paused", "", "unpausing", true, true),
        (InstanceAction.Suspend, "active", "", "suspending", true, true),
        (InstanceAction.Resume, "suspended", "", "resuming", true, true),
        (InstanceAction.Rescue, "active stopped error", "", "rescuing", true, true),
        (InstanceAction.Unrescue, "rescued", "", "unrescuing", true, true),
        (InstanceAction.Rebuild, "active stopped error", "", "rebuilding", true, true),
        (InstanceAction.Resize, "active stopped", "", "resize_prep", true, true),
        (InstanceAction.Migrate, "active stopped", "", "resize_prep", true, true),
        (InstanceAction.ConfirmResize, "resized", "", null, true, true),
        (InstanceAction.RevertResize, "resized", "", "resize_reverting", true, true),
        (InstanceAction.LiveMigrate, "active paused", "", "migrating", true, true),
        (InstanceAction.CreateImage, "active stopped paused suspended", "", "image_snapshot_pending", true, false),
        (InstanceAction.CreateBackup, "active stopped paused suspended", "", "image_backup", true, false),
        (InstanceAction.Evacuate, "active stopped error", "", "rebuilding", true, true),
        (InstanceAction.Lock, "any", "any", null, false, false),
        (InstanceAction.Unlock, "any", "any", null, false, false),
        (InstanceAction.ResetState, "any", "any", null, true, false),
    ];

    private static IEnumerable<InstanceAction> Actions => Enum.GetValues<InstanceAction>().Where(action => action != InstanceAction.Create);

    [Test]
    public void Nova_s_table_has_every_action() => Assert.That(Nova.Select(row => row.Action), Is.EquivalentTo(Actions));

    [TestCaseSource(nameof(Actions))]
    public void In_every_state_an_action_is_taken_or_refused_as_in_Nova(InstanceAction action)
    {
        var row = Nova.Single(known => known.Action == action);

        Assert.Multiple(() =>
        {
            foreach (var vm in Enum.GetValues<VmState>())
                foreach (var task in Enum.GetValues<TaskState>())
                    foreach (var launched in new[] { true, false })
                        foreach (var locked in new[] { true, false })
                        {
                            var verdict = InstanceLifecycle.Judge(action, Id, new GuardedState(vm, task, launched, locked));

                            Assert.That((verdict.Refusal, verdict.Refusal is null ? verdict.Task.Name() : null),
                                Is.EqualTo((Expected(row, vm, task, launched, locked), Expected(row, vm, task, launched, locked) is null ? row.Sets : null)),
                                $"{action} in {vm}/{task}, launched {launched}, locked {locked}");
                        }
        });
    }

    [Test]
    public void A_refusal_has_Nova_s_words()
    {
        Assert.That(Refusal(InstanceAction.Stop, VmState.Paused, TaskState.None), Is.EqualTo($"Cannot 'stop' instance {Id} while it is in vm_state paused"));
        Assert.That(Refusal(InstanceAction.Stop, VmState.Active, TaskState.PoweringOff), Is.EqualTo($"Cannot 'stop' instance {Id} while it is in task_state powering-off"));
        Assert.That(Refusal(InstanceAction.RebootHard, VmState.Error, TaskState.None, launched: false),
            Is.EqualTo($"Cannot 'reboot' instance {Id} while it is in launched_at None"));
    }

    [Test]
    public void Every_state_has_a_word_and_every_pair_a_status()
    {
        var words = Enum.GetValues<TaskState>().Where(t => t != TaskState.None).Select(t => t.Name()).ToList();

        Assert.That(words, Is.Unique.And.All.Match("^[a-z_-]+$"));
        Assert.That(Enum.GetValues<VmState>().Select(s => s.Name()), Is.Unique);
        Assert.That(
            from vm in Enum.GetValues<VmState>() from task in Enum.GetValues<TaskState>() select InstanceStateNames.Status(vm, task),
            Is.All.Not.EqualTo("UNKNOWN"));
    }

    [TestCase(VmState.Active, TaskState.RebootStarted, "REBOOT")]
    [TestCase(VmState.Active, TaskState.RebootingHard, "HARD_REBOOT")]
    [TestCase(VmState.Paused, TaskState.RebootingHard, "PAUSED")]
    [TestCase(VmState.Error, TaskState.RebuildSpawning, "REBUILD")]
    [TestCase(VmState.Stopped, TaskState.Rebuilding, "REBUILD")]
    [TestCase(VmState.Active, TaskState.UpdatingPassword, "PASSWORD")]
    [TestCase(VmState.Paused, TaskState.Migrating, "MIGRATING")]
    [TestCase(VmState.Stopped, TaskState.ResizeFinish, "RESIZE")]
    [TestCase(VmState.Resized, TaskState.ResizeReverting, "REVERT_RESIZE")]
    [TestCase(VmState.Resized, TaskState.None, "VERIFY_RESIZE")]
    [TestCase(VmState.Active, TaskState.PoweringOff, "ACTIVE")]
    [TestCase(VmState.Rescued, TaskState.Unrescuing, "RESCUE")]
    public void Status_is_Nova_s(VmState vm, TaskState task, string status) => Assert.That(InstanceStateNames.Status(vm, task), Is.EqualTo(status));

    private static string? Expected((InstanceAction Action, string VmStates, string Tasks, string? Sets, bool Launched, bool Locked) row, VmState vm, TaskState task, bool launched, bool locked)
    {
        string Cannot(string what) => $"Cannot '{row.Action.RequestName()}' instance {Id} while it is in {what}";
        return locked && row.Locked ? $"Instance {Id} is locked"
            : row.VmStates != "any" && !row.VmStates.Split(' ').Contains(vm.Name()) ? Cannot($"vm_state {vm.Name()}")
            : row.Tasks != "any" && task != TaskState.None && !row.Tasks.Split(' ').Contains(task.Name()) ? Cannot($"task_state {task.Name()}")
            : row.Launched && !launched ? Cannot("launched_at None")
            : null;
    }

    private static string? Refusal(InstanceAction action, VmState vm, TaskState task, bool launched = true) =>
        InstanceLifecycle.Judge(action, Id, new GuardedState(vm, task, launched, false)).Refusal;
}
