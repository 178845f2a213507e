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
    SoftDeleted = 10,
    Shelved = 11,
    ShelvedOffloaded = 12,
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
    ImageSnapshot = 6,
    ImageSnapshotPending = 7,
    ImagePendingUpload = 8,
    ImageUploading = 9,
    ImageBackup = 10,
    UpdatingPassword = 11,
    ResizePrep = 12,
    ResizeMigrating = 13,
    ResizeMigrated = 14,
    ResizeFinish = 15,
    ResizeReverting = 16,
    ResizeConfirming = 17,
    Rebooting = 18,
    RebootPending = 19,
    RebootStarted = 20,
    RebootingHard = 21,
    RebootPendingHard = 22,
    RebootStartedHard = 23,
    Pausing = 24,
    Unpausing = 25,
    Suspending = 26,
    Resuming = 27,
    PoweringOff = 28,
    PoweringOn = 29,
    Rescuing = 30,
    Unrescuing = 31,
    Rebuilding = 32,
    RebuildBlockDeviceMapping = 33,
    RebuildSpawning = 34,
    Migrating = 35,
    SoftDeleting = 36,
    Restoring = 37,
    Shelving = 38,
    ShelvingImagePendingUpload = 39,
    ShelvingImageUploading = 40,
    ShelvingOffloading = 41,
    Unshelving = 42,
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
        VmState.SoftDeleted => "soft-delete",
        VmState.Shelved => "shelved",
        VmState.ShelvedOffloaded => "shelved_offloaded",
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
        TaskState.ImageSnapshot => "image_snapshot",
        TaskState.ImageSnapshotPending => "image_snapshot_pending",
        TaskState.ImagePendingUpload => "image_pending_upload",
        TaskState.ImageUploading => "image_uploading",
        TaskState.ImageBackup => "image_backup",
        TaskState.UpdatingPassword => "updating_password",
        TaskState.ResizePrep => "resize_prep",
        TaskState.ResizeMigrating => "resize_migrating",
        TaskState.ResizeMigrated => "resize_migrated",
        TaskState.ResizeFinish => "resize_finish",
        TaskState.ResizeReverting => "resize_reverting",
        TaskState.ResizeConfirming => "resize_confirming",
        TaskState.Rebooting => "rebooting",
        TaskState.RebootPending => "reboot_pending",
        TaskState.RebootStarted => "reboot_started",
        TaskState.RebootingHard => "rebooting_hard",
        TaskState.RebootPendingHard => "reboot_pending_hard",
        TaskState.RebootStartedHard => "reboot_started_hard",
        TaskState.Pausing => "pausing",
        TaskState.Unpausing => "unpausing",
        TaskState.Suspending => "suspending",
        TaskState.Resuming => "resuming",
        TaskState.PoweringOff => "powering-off",
        TaskState.PoweringOn => "powering-on",
        TaskState.Rescuing => "rescuing",
        TaskState.Unrescuing => "unrescuing",
        TaskState.Rebuilding => "rebuilding",
        TaskState.RebuildBlockDeviceMapping => "rebuild_block_device_mapping",
        TaskState.RebuildSpawning => "rebuild_spawning",
        TaskState.Migrating => "migrating",
        TaskState.SoftDeleting => "soft-deleting",
        TaskState.Restoring => "restoring",
        TaskState.Shelving => "shelving",
        TaskState.ShelvingImagePendingUpload => "shelving_image_pending_upload",
        TaskState.ShelvingImageUploading => "shelving_image_uploading",
        TaskState.ShelvingOffloading => "shelving_offloading",
        TaskState.Unshelving => "unshelving",
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
    public static string Status(VmState state, TaskState task) => (state, task) switch
    {
        (VmState.Active, TaskState.Rebooting or TaskState.RebootPending or TaskState.RebootStarted) => "REBOOT",
        (VmState.Active, TaskState.RebootingHard or TaskState.RebootPendingHard or TaskState.RebootStartedHard) => "HARD_REBOOT",
        (VmState.Active, TaskState.UpdatingPassword) => "PASSWORD",
        (VmState.Active or VmState.Stopped or VmState.Error, TaskState.Rebuilding or TaskState.RebuildBlockDeviceMapping or TaskState.RebuildSpawning) => "REBUILD",
        (VmState.Active or VmState.Paused, TaskState.Migrating) => "MIGRATING",
        (VmState.Active or VmState.Stopped, TaskState.ResizePrep or TaskState.ResizeMigrating or TaskState.ResizeMigrated or TaskState.ResizeFinish) => "RESIZE",
        (VmState.Resized, TaskState.ResizeReverting) => "REVERT_RESIZE",
        (VmState.Active, _) => "ACTIVE",
        (VmState.Building, _) => "BUILD",
        (VmState.Stopped, _) => "SHUTOFF",
        (VmState.Paused, _) => "PAUSED",
        (VmState.Suspended, _) => "SUSPENDED",
        (VmState.Rescued, _) => "RESCUE",
        (VmState.Resized, _) => "VERIFY_RESIZE",
        (VmState.Error, _) => "ERROR",
        (VmState.Deleted, _) => "DELETED",
        (VmState.SoftDeleted, _) => "SOFT_DELETED",
        (VmState.Shelved, _) => "SHELVED",
        (VmState.ShelvedOffloaded, _) => "SHELVED_OFFLOADED",
        _ => "UNKNOWN",
    };
}
