namespace Cells.Contracts;

/// <summary>What a guard looks at.</summary>
/// <param name="Launched">It has been ACTIVE once.</param>
/// <param name="Locked">By somebody whose lock holds the asker back.</param>
public readonly record struct GuardedState(VmState VmState, TaskState TaskState, bool Launched, bool Locked);

/// <summary>What a guard says: the task_state to be shown at once, or why not.</summary>
/// <param name="Refusal">Null when the action is accepted; else Nova's words for 409.</param>
public readonly record struct ActionVerdict(TaskState Task, string? Refusal)
{
    public bool IsAccepted => Refusal is null;
}

/// <summary>
/// Which action is taken in which state: one table, asked by the door about what it shows, and again by the compute cell about what is. The first check
/// that fails gives the refusal, in Nova's order: lock, vm_state, task_state, launched (Nova API 2.1, server actions).
/// </summary>
public static class InstanceLifecycle
{
    /// <summary>Actions of one instance that may be open at once: a home accepts no more, and a compute cell remembers as many ends.</summary>
    public const int MostOpenActions = 16;

    private static readonly VmState[] Any = [];

    /// <summary>States in which its disk is the server's (Nova, compute/api.py: snapshot, backup).</summary>
    private static readonly VmState[] Whole = [VmState.Active, VmState.Stopped, VmState.Paused, VmState.Suspended];
    private static readonly TaskState[] Idle = [TaskState.None];
    private static readonly TaskState[] AnyTask = [];

    /// <summary>Pending changes of the power state, which a hard reboot overrides (Nova, task_states.ALLOW_REBOOT).</summary>
    private static readonly TaskState[] HardRebootable =
    [
        TaskState.None, TaskState.Rebooting, TaskState.RebootPending, TaskState.RebootStarted, TaskState.RebootingHard,
        TaskState.Resuming, TaskState.Unpausing, TaskState.Pausing, TaskState.Suspending,
    ];

    /// <param name="instance">Named in the refusal.</param>
    public static ActionVerdict Judge(InstanceAction action, InstanceId instance, GuardedState now)
    {
        var rule = RuleOf(action);
        if (rule.HeldBackByLock && now.Locked)
            return new ActionVerdict(TaskState.None, $"Instance {instance} is locked");
        if (rule.From.Length > 0 && !rule.From.Contains(now.VmState))
            return Refuse(action, instance, "vm_state", now.VmState.Name());
        if (rule.During.Length > 0 && !rule.During.Contains(now.TaskState))
            return Refuse(action, instance, "task_state", now.TaskState.Name() ?? "None");
        return rule.MustHaveLaunched && !now.Launched
            ? Refuse(action, instance, "launched_at", "None")
            : new ActionVerdict(rule.Sets, null);
    }

    private static Rule RuleOf(InstanceAction action) => action switch
    {
        InstanceAction.Create => throw new ArgumentException("A create is asked of nothing that has a state.", nameof(action)),
        InstanceAction.Delete => new(Any, TaskState.Deleting) { During = AnyTask, MustHaveLaunched = false },
        InstanceAction.Start => new([VmState.Stopped], TaskState.PoweringOn),
        InstanceAction.Stop => new([VmState.Active, VmState.Error], TaskState.PoweringOff),
        InstanceAction.RebootSoft => new([VmState.Active], TaskState.Rebooting),
        InstanceAction.RebootHard =>
            new([VmState.Active, VmState.Stopped, VmState.Paused, VmState.Suspended, VmState.Error], TaskState.RebootingHard) { During = HardRebootable },
        InstanceAction.Pause => new([VmState.Active], TaskState.Pausing),
        InstanceAction.Unpause => new([VmState.Paused], TaskState.Unpausing),
        InstanceAction.Suspend => new([VmState.Active], TaskState.Suspending),
        InstanceAction.Resume => new([VmState.Suspended], TaskState.Resuming),
        InstanceAction.Rescue => new([VmState.Active, VmState.Stopped, VmState.Error], TaskState.Rescuing),
        InstanceAction.Unrescue => new([VmState.Rescued], TaskState.Unrescuing),
        InstanceAction.Rebuild => new([VmState.Active, VmState.Stopped, VmState.Error], TaskState.Rebuilding),
        InstanceAction.Resize or InstanceAction.Migrate => new([VmState.Active, VmState.Stopped], TaskState.ResizePrep),
        InstanceAction.ConfirmResize => new([VmState.Resized], TaskState.None),
        InstanceAction.RevertResize => new([VmState.Resized], TaskState.ResizeReverting),
        InstanceAction.LiveMigrate => new([VmState.Active, VmState.Paused], TaskState.Migrating),
        // A lock keeps a server as it is; so does an image of it.
        InstanceAction.CreateImage => new(Whole, TaskState.ImageSnapshotPending) { HeldBackByLock = false },
        InstanceAction.CreateBackup => new(Whole, TaskState.ImageBackup) { HeldBackByLock = false },
        // Nova's task_state for it, too: an evacuation is a rebuild elsewhere.
        InstanceAction.Evacuate => new([VmState.Active, VmState.Stopped, VmState.Error], TaskState.Rebuilding),
        InstanceAction.Lock or InstanceAction.Unlock => new(Any, TaskState.None) { During = AnyTask, MustHaveLaunched = false, HeldBackByLock = false },
        // Until it has been launched the row is its build's, whose end nothing else may say.
        InstanceAction.ResetState => new(Any, TaskState.None) { During = AnyTask, HeldBackByLock = false },
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "no such action"),
    };

    private static ActionVerdict Refuse(InstanceAction action, InstanceId instance, string attribute, string value) =>
        new(TaskState.None, $"Cannot '{action.RequestName()}' instance {instance} while it is in {attribute} {value}");

    /// <param name="From">vm_states in which it is taken; empty for any.</param>
    /// <param name="Sets">The task_state shown at once.</param>
    private sealed record Rule(VmState[] From, TaskState Sets)
    {
        public TaskState[] During { get; init; } = Idle;
        public bool MustHaveLaunched { get; init; } = true;
        public bool HeldBackByLock { get; init; } = true;
    }
}
