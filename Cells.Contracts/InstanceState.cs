namespace Cells.Contracts;

/// <summary>Nova's vm_state. Numbers are stored and sent: never reuse one.</summary>
public enum VmState
{
    Building = 1,
    Active = 2,
    Stopped = 3,
    Paused = 4,
    Suspended = 5,
    Rescued = 6,
    Resized = 7,
    Error = 8,
    Deleted = 9,
}

/// <summary>Nova's task_state; None is JSON null. Numbers are stored and sent: never reuse one.</summary>
public enum TaskState
{
    None = 0,
    Scheduling = 1,
    Networking = 2,
    BlockDeviceMapping = 3,
    Spawning = 4,
    Deleting = 5,
}

/// <summary>Nova's power_state, with Nova's numbers.</summary>
public enum PowerState
{
    NoState = 0,
    Running = 1,
    Paused = 3,
    Shutdown = 4,
    Crashed = 6,
    Suspended = 7,
}

public static class InstanceStateNames
{
    /// <summary>The word that Nova's API uses, such as <c>building</c>.</summary>
    public static string Name(this VmState state) => state switch
    {
        VmState.Building => "building",
        VmState.Active => "active",
        VmState.Stopped => "stopped",
        VmState.Paused => "paused",
        VmState.Suspended => "suspended",
        VmState.Rescued => "rescued",
        VmState.Resized => "resized",
        VmState.Error => "error",
        VmState.Deleted => "deleted",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no such vm_state"),
    };

    /// <summary>The word that Nova's API uses, such as <c>block_device_mapping</c>; null for none.</summary>
    public static string? Name(this TaskState state) => state switch
    {
        TaskState.None => null,
        TaskState.Scheduling => "scheduling",
        TaskState.Networking => "networking",
        TaskState.BlockDeviceMapping => "block_device_mapping",
        TaskState.Spawning => "spawning",
        TaskState.Deleting => "deleting",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no such task_state"),
    };

    // Every word that Nova's table of states yields (nova/api/openstack/common.py), whether or not a server of ours can be there yet.
    private static readonly SortedSet<string> Statuses = new(StringComparer.OrdinalIgnoreCase)
    {
        "ACTIVE", "BUILD", "DELETED", "ERROR", "HARD_REBOOT", "MIGRATING", "PASSWORD", "PAUSED", "REBOOT", "REBUILD", "RESCUE", "RESIZE",
        "REVERT_RESIZE", "SHELVED", "SHELVED_OFFLOADED", "SHUTOFF", "SOFT_DELETED", "SUSPENDED", "UNKNOWN", "VERIFY_RESIZE",
    };

    /// <summary>Whether there is such a status, in whichever case.</summary>
    public static bool IsStatus(string word) => Statuses.Contains(word);

    /// <summary>Nova's status, the word that clients show: status = f(vm_state, task_state) (Nova API 2.1, servers).</summary>
    public static string Status(VmState state, TaskState task) => state switch
    {
        VmState.Active => "ACTIVE",
        VmState.Building => "BUILD",
        VmState.Stopped => "SHUTOFF",
        VmState.Paused => "PAUSED",
        VmState.Suspended => "SUSPENDED",
        VmState.Rescued => "RESCUE",
        VmState.Resized => "VERIFY_RESIZE",
        VmState.Error => "ERROR",
        VmState.Deleted => "DELETED",
        _ => "UNKNOWN",
    };
}
