using Cells.Compute.Instances;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>The workflows, as tables. The order is stored as a number with each running instance: new steps go in only with a new workflow.</summary>
internal static class Steps
{
    public static readonly IReadOnlyList<WorkflowStep> Build =
    [
        new("ensure-image", DiskSteps.Root.EnsureImageAsync, Undo: null, Probe: null, TaskState.BlockDeviceMapping, OnHost: false) { MayBeCut = true },    // a cached image stays
        new("clone-disk", DiskSteps.Root.CloneAsync, ObjectsOf.DestroyDisksAsync, DiskSteps.Root.FindCloneAsync, TaskState.BlockDeviceMapping, Makes: DiskRole.Root, Joined: true),
        new("size-disk", DiskSteps.Root.SizeAsync, Undo: null, Probe: null, TaskState.BlockDeviceMapping, Joined: true),                // goes with the disk
        new("create-vm", BuildSteps.CreateVmAsync, ObjectsOf.DestroyVmsAsync, BuildSteps.FindVmAsync, TaskState.Spawning),
        new("attach-disk", BuildSteps.AttachDiskAsync, Undo: null, BuildSteps.FindVbdAsync, TaskState.Spawning, Joined: true),                    // VM.destroy removes VBDs
        new("attach-network", BuildSteps.AttachNetworkAsync, Undo: null, BuildSteps.FindVifsAsync, TaskState.Networking, Joined: true),            // and VIFs
        new("start", BuildSteps.StartAsync, ObjectsOf.StopVmsAsync, BuildSteps.ReadStartedAsync, TaskState.Spawning),
        new("seen-running", BuildSteps.SeenRunningAsync, Undo: null, Probe: null, TaskState.Spawning, Joined: true),                              // an observation
    ];

    public static readonly IReadOnlyList<WorkflowStep> Delete =
    [
        new("settle", DeleteSteps.SettleAsync, Undo: null, Probe: null, TaskState.Deleting, Needs: Needs.Pool),
        new("stop-vm", DeleteSteps.StopVmsAsync, Undo: null, Probe: null, TaskState.Deleting, Needs: Needs.Pool, Joined: true),
        new("destroy-vm", DeleteSteps.DestroyVmsAsync, Undo: null, Probe: null, TaskState.Deleting, Needs: Needs.Pool, Joined: true),
        new("destroy-disk", DeleteSteps.DestroyDisksAsync, Undo: null, Probe: null, TaskState.Deleting, Needs: Needs.Pool, Joined: true),
    ];

    public static readonly IReadOnlyList<WorkflowStep> Start =
    [
        PowerSteps.PowerOn(TaskState.PoweringOn),
        PowerSteps.Seen("seen-on", TaskState.PoweringOn, VmPowerState.Running),
    ];

    public static readonly IReadOnlyList<WorkflowStep> Stop =
    [
        GuestSteps.AskShutdown,
        GuestSteps.PowerOff,
        PowerSteps.Seen("seen-off", TaskState.PoweringOff, VmPowerState.Halted),
    ];

    public static readonly IReadOnlyList<WorkflowStep> RebootSoft =
    [
        GuestSteps.NoteDomain(TaskState.Rebooting),
        GuestSteps.AskReboot,
        GuestSteps.Reboot(TaskState.RebootStarted),
        PowerSteps.PowerOn(TaskState.RebootStarted),              // a guest that shut down instead, or a host that lost power meanwhile
        PowerSteps.Seen("seen-rebooted", TaskState.RebootStarted, VmPowerState.Running),
    ];

    public static readonly IReadOnlyList<WorkflowStep> RebootHard =
    [
        GuestSteps.NoteDomain(TaskState.RebootingHard),
        GuestSteps.Reboot(TaskState.RebootStartedHard),
        PowerSteps.PowerOn(TaskState.RebootStartedHard),          // what was stopped or suspended
        PowerSteps.Seen("seen-rebooted", TaskState.RebootStartedHard, VmPowerState.Running),
    ];

    public static readonly IReadOnlyList<WorkflowStep> Pause = [PowerSteps.Pause, PowerSteps.Seen("seen-paused", TaskState.Pausing, VmPowerState.Paused)];

    public static readonly IReadOnlyList<WorkflowStep> Unpause = [PowerSteps.Unpause, PowerSteps.Seen("seen-unpaused", TaskState.Unpausing, VmPowerState.Running)];

    public static readonly IReadOnlyList<WorkflowStep> Suspend = [PowerSteps.Suspend, PowerSteps.Seen("seen-suspended", TaskState.Suspending, VmPowerState.Suspended)];

    public static readonly IReadOnlyList<WorkflowStep> Resume = [PowerSteps.Resume, PowerSteps.Seen("seen-resumed", TaskState.Resuming, VmPowerState.Running)];

    public static readonly IReadOnlyList<WorkflowStep> Rebuild =
    [
        new("ensure-image", BootDiskSteps.Next.EnsureImageAsync, Undo: null, Probe: null, TaskState.Rebuilding, OnHost: false) { MayBeCut = true },         // a cached image stays
        new("clone-next", BootDiskSteps.Next.CloneAsync, BootDiskSteps.Next.DestroyAsync, BootDiskSteps.Next.FindCloneAsync, TaskState.RebuildBlockDeviceMapping,
            Makes: DiskRole.Next, Joined: true),
        new("size-next", BootDiskSteps.Next.SizeAsync, Undo: null, Probe: null, TaskState.RebuildBlockDeviceMapping, Joined: true),     // goes with the disk
        BootDiskSteps.PowerOffHard(TaskState.RebuildBlockDeviceMapping),
        BootDiskSteps.SwapDisk,
        BootDiskSteps.DestroyFormer,
        BootDiskSteps.PowerOnUnlessStopped(TaskState.RebuildSpawning),
        BootDiskSteps.SeenRebuilt,
    ];

    public static readonly IReadOnlyList<WorkflowStep> Rescue =
    [
        new("ensure-image", BootDiskSteps.Rescue.EnsureImageAsync, Undo: null, Probe: null, TaskState.Rescuing, OnHost: false) { MayBeCut = true },         // a cached image stays
        new("clone-rescue", BootDiskSteps.Rescue.CloneAsync, BootDiskSteps.Rescue.DestroyAsync, BootDiskSteps.Rescue.FindCloneAsync, TaskState.Rescuing,
            Makes: DiskRole.Rescue, Joined: true),
        BootDiskSteps.PowerOffHard(TaskState.Rescuing),
        BootDiskSteps.AttachRescue,
        BootDiskSteps.PowerOnRescued,
        PowerSteps.Seen("seen-rescued", TaskState.Rescuing, VmPowerState.Running),
    ];

    public static readonly IReadOnlyList<WorkflowStep> Unrescue =
    [
        BootDiskSteps.PowerOffHard(TaskState.Unrescuing),
        BootDiskSteps.DetachRescue,
        BootDiskSteps.DestroyRescue,
        PowerSteps.PowerOn(TaskState.Unrescuing),
        PowerSteps.Seen("seen-unrescued", TaskState.Unrescuing, VmPowerState.Running),
    ];

    public static readonly IReadOnlyList<WorkflowStep> Resize =
    [
        WorkflowStep.ChoosePlace(TaskState.ResizePrep),
        ResizeSteps.AskShutdown,
        ResizeSteps.PowerOff,
        ResizeSteps.MakeDisk,
        ResizeSteps.CopyDisk,
        ResizeSteps.SwapDisk,
        ResizeSteps.ShapeVm,
        ResizeSteps.StartThere,
        ResizeSteps.SeenResized,
    ];

    public static readonly IReadOnlyList<WorkflowStep> ConfirmResize = [ResizeSteps.DestroyFormer, ResizeSteps.SeenConfirmed];

    public static readonly IReadOnlyList<WorkflowStep> RevertResize =
    [
        ResizeSteps.StopThere,
        ResizeSteps.SwapBack,
        ResizeSteps.ShapeBack,
        ResizeSteps.AskOrigin,                                    // where a former version destroyed the new disk: the numbers after it are as they were
        ResizeSteps.StartBack,
        ResizeSteps.SeenReverted,
        ResizeSteps.DestroyNew,
    ];

    public static readonly IReadOnlyList<WorkflowStep> LiveMigrate =
    [
        WorkflowStep.ChoosePlace(TaskState.Migrating),
        MigrationSteps.Migrate,
        MigrationSteps.SeenMoved,
    ];

    public static readonly IReadOnlyList<WorkflowStep> Snapshot =
    [
        new("take-snapshot", SnapshotSteps.TakeAsync, SnapshotSteps.UndoAsync, SnapshotSteps.FindAsync, TaskState.ImageSnapshot, Makes: DiskRole.Snapshot),
        new("send-image", SnapshotSteps.SendAsync, Undo: null, Probe: null, TaskState.ImageUploading, OnHost: false, Commits: true) { MayBeCut = true, Transfers = true },   // the home knows what it has
        new("drop-snapshot", SnapshotSteps.DestroyAsync, Undo: null, Probe: null, TaskState.ImageUploading),                   // the image has its bytes
    ];

    public static readonly IReadOnlyList<WorkflowStep> Evacuate =
    [
        WorkflowStep.ChoosePlace(TaskState.Rebuilding),           // or a build, where the disk went with its host
        EvacuationSteps.ResetPower,
        EvacuationSteps.PowerOn,
        EvacuationSteps.SeenThere,
    ];

    public static IReadOnlyList<WorkflowStep> Of(WorkflowKind workflow) => workflow switch
    {
        WorkflowKind.Build => Build,
        WorkflowKind.Delete => Delete,
        WorkflowKind.Start => Start,
        WorkflowKind.Stop => Stop,
        WorkflowKind.RebootSoft => RebootSoft,
        WorkflowKind.RebootHard => RebootHard,
        WorkflowKind.Pause => Pause,
        WorkflowKind.Unpause => Unpause,
        WorkflowKind.Suspend => Suspend,
        WorkflowKind.Resume => Resume,
        WorkflowKind.Rescue => Rescue,
        WorkflowKind.Unrescue => Unrescue,
        WorkflowKind.Rebuild => Rebuild,
        WorkflowKind.Resize => Resize,
        WorkflowKind.ConfirmResize => ConfirmResize,
        WorkflowKind.RevertResize => RevertResize,
        WorkflowKind.LiveMigrate => LiveMigrate,
        WorkflowKind.Snapshot => Snapshot,
        WorkflowKind.Evacuate => Evacuate,
        _ => throw new ArgumentOutOfRangeException(nameof(workflow), workflow, "no such workflow"),
    };

    public static WorkflowStep At(Work work) => Of(work.Workflow)[work.Step];

    /// <summary>An undo only removes what is there, or looks for itself.</summary>
    public static Needs NeedsOf(Work work) => work.Undoing ? Needs.Pool : At(work).Needs;

    public static string NameOf(Work work) => At(work).Name;

    /// <summary>"clone-disk 2/8", as rows show it upwards.</summary>
    public static string? Progress(Work? work) => work is null
        ? null
        : $"{(work.Undoing ? "undo " : "")}{NameOf(work)} {work.Step + 1}/{Of(work.Workflow).Count}";

    /// <summary>The step that begins without another commit once the one at <paramref name="work"/> is done; null when there is none.</summary>
    public static WorkflowStep? JoinedTo(Work work) =>
        !work.Undoing && Of(work.Workflow) is var steps && work.Step + 1 < steps.Count && steps[work.Step + 1] is { Joined: true } next ? next : null;

    /// <summary>Whether a row that says <paramref name="from"/> may have its workflow performing <paramref name="step"/>: that one, or one joined to it.</summary>
    public static bool MayBeAt(WorkflowKind workflow, int from, int step) =>
        from <= step && Enumerable.Range(from + 1, step - from).All(index => Of(workflow)[index].Joined);

    /// <summary>Whether a row that says <paramref name="from"/> may have its workflow making a disk, and so leave one behind without its stamp.</summary>
    public static bool MayClone(WorkflowKind workflow, int from) =>
        Of(workflow).Index().Any(step => step.Item.Makes is not null && MayBeAt(workflow, from, step.Index));

    /// <summary>
    /// The step at or below this one that has an undo; -1 when there is nothing left to undo, or when a step without a way back lies between.
    /// </summary>
    /// <param name="refused">This one was not done, so that it may be undone even if there is no way back once it is.</param>
    public static int UndoAtOrBelow(WorkflowKind workflow, int index, bool refused)
    {
        var steps = Of(workflow);
        for (; index >= 0 && (refused || !steps[index].Commits); index--, refused = false)
            if (steps[index].Undo is not null)
                return index;
        return -1;
    }
}
