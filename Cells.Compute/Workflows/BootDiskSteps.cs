using Cells.Compute.Instances;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>
/// Steps that change what a VM boots from, while it is off: rebuild, rescue and unrescue. All that can be prepared is, before it is switched off; up to the
/// change of disks a refusal leaves the server as it was. At any moment at least one whole disk is the instance's by its row.
/// </summary>
internal static class BootDiskSteps
{
    public static readonly DiskSteps Next = new(DiskRole.Next, row => row.Actions.Current?.Image ?? row.Command!.Image);
    public static readonly DiskSteps Rescue = new(DiskRole.Rescue, row => row.Actions.Current?.Image ?? row.Command!.Image);

    /// <summary>The new root disk is attached, and is the row's root from this commit on; the old one is only a name for what is to be destroyed.</summary>
    public static WorkflowStep SwapDisk { get; } = Attach(
        "swap-disk", TaskState.RebuildBlockDeviceMapping, row => [row.Disks.Next!.Value], row => [row.Disks.Root!.Value],
        row => new StepOutcome.Done(
            Disks: row.Disks with { Root = row.Disks.Next, Former = row.Disks.Root, Next = null },
            Command: row.Command! with { Image = Next.ImageOf(row) })) with { Commits = true };

    public static WorkflowStep AttachRescue { get; } = Attach(
        "attach-rescue", TaskState.Rescuing, row => [row.Disks.Rescue!.Value, row.Disks.Root!.Value], row => [row.Disks.Root!.Value], _ => new StepOutcome.Done());

    public static WorkflowStep DetachRescue { get; } = Attach(
        "detach-rescue", TaskState.Unrescuing, row => [row.Disks.Root!.Value], row => [row.Disks.Rescue!.Value, row.Disks.Root!.Value],
        _ => new StepOutcome.Done()) with { Commits = true };

    public static WorkflowStep DestroyFormer { get; } = Destroy("destroy-former", DiskRole.Former, TaskState.RebuildSpawning);

    public static WorkflowStep DestroyRescue { get; } = Destroy("destroy-rescue", DiskRole.Rescue, TaskState.Unrescuing);

    /// <summary>Without asking the guest. What was running before and is not to be changed after all is started again, if its host takes it.</summary>
    public static WorkflowStep PowerOffHard(TaskState shows) => new(
        "power-off-hard",
        async (context, stop) =>
        {
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (record.PowerState != VmPowerState.Halted)
                await PowerSteps.UnlessItIsAsync(VmPowerState.Halted, context.Pool.RunTaskAsync(Vm.HardShutdown(vm), stop));
            return new StepOutcome.Done();
        },
        StartAgainAsync,
        (context, stop) => ProbeAsync(context, stop, XenCalls.VmHardShutdown),
        shows,
        Needs: Needs.Pool);

    /// <summary>Nothing to be done for what was stopped and is to stay so.</summary>
    public static WorkflowStep PowerOnUnlessStopped(TaskState shows)
    {
        var on = PowerSteps.PowerOn(shows);
        return on with
        {
            Do = async (context, stop) => WasStopped(context.Row) ? new StepOutcome.Done() : await on.Do(context, stop),
            Probe = async (context, stop) => WasStopped(context.Row) ? new ProbeAnswer.Done(new StepOutcome.Done()) : await on.Probe!(context, stop),
        };
    }

    /// <summary>Its undo switches it off again, so that its disks can be changed back.</summary>
    public static WorkflowStep PowerOnRescued { get; } = PowerSteps.PowerOn(TaskState.Rescuing) with { Undo = ObjectsOf.StopVmsAsync };

    public static WorkflowStep SeenRebuilt { get; } = Seen(PowerSteps.Seen("seen-rebuilt", TaskState.RebuildSpawning, VmPowerState.Running), VmPowerState.Halted);

    /// <summary>What such a workflow has to know of the server as it was: noted with its first step, for what the row shows then may be an error by its end.</summary>
    public static string NoteOf(Instance row) => row.PowerState == PowerState.Running ? Running : row.VmState == VmState.Stopped ? Stopped : Off;

    private const string Running = "running", Stopped = "stopped", Off = "off";

    private static bool WasStopped(Instance row) => row.Work?.Note == Stopped;

    private static WorkflowStep Seen(WorkflowStep running, VmPowerState otherwise)
    {
        var off = PowerSteps.Seen(running.Name, running.Shows, otherwise);
        return running with { Do = (context, stop) => WasStopped(context.Row) ? off.Do(context, stop) : running.Do(context, stop) };
    }

    private static WorkflowStep Attach(
        string name, TaskState shows, Func<Instance, IReadOnlyList<Guid>> wanted, Func<Instance, IReadOnlyList<Guid>> before, Func<Instance, StepOutcome> done) => new(
        name,
        async (context, stop) =>
        {
            if (await ArrangeAsync(context, wanted(context.Row), stop) is { } missing)
                return new StepOutcome.Refused("disk_gone", $"disk {missing} is not there any more: it was removed outside");
            return done(context.Row);
        },
        (context, stop) => ArrangeAsync(context, before(context.Row), stop),
        (context, stop) => ProbeAsync(context, stop, XenCalls.VbdCreate, XenCalls.VbdDestroy),
        shows,
        Needs: Needs.Pool);

    /// <summary>
    /// Makes these disks the VM's devices 0, 1 and so on. Of its other devices only those of the instance's own disks are touched: what somebody else has
    /// attached stays.
    /// </summary>
    /// <returns>A disk that is not there, and then nothing was done; else null.</returns>
    private static async Task<Guid?> ArrangeAsync(StepContext context, IReadOnlyList<Guid> wanted, CancellationToken stop)
    {
        var (vm, record) = await OwnVm.ReadAsync(context, stop);
        var own = new Dictionary<XenRef<Vdi>, Guid>();
        foreach (var disk in context.Row.Disks.Named)
            if (await FindAsync(context, disk, stop) is { } found)
                own[found] = disk;
        foreach (var disk in wanted)
            if (!own.ContainsValue(disk))
                return disk;
        var there = new SortedSet<int>();
        foreach (var vbd in record.Vbds.Order())
        {
            var device = await context.Pool.CallAsync(Vbd.GetRecord(vbd), stop);
            if (!own.TryGetValue(device.Vdi, out var disk))
                continue;
            var place = wanted.ToList().IndexOf(disk);
            if (place >= 0 && device.UserDevice == DeviceOf(place) && there.Add(place))
                continue;
            await ObjectsOf.UnlessAsync("HANDLE_INVALID", context.Pool.CallAsync(Vbd.Destroy(vbd), stop));
        }
        for (var place = 0; place < wanted.Count; place++)
        {
            if (there.Contains(place))
                continue;
            var disk = own.First(pair => pair.Value == wanted[place]).Key;
            await context.Pool.CallAsync(Vbd.Create(new NewVbd(vm, disk, DeviceOf(place), Bootable: place == 0, Marks.Of(context.Row.Stamp))), stop);
        }
        return null;
    }

    private static string DeviceOf(int place) => place.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Null when it is not there any more.</summary>
    public static async Task<XenRef<Vdi>?> FindAsync(StepContext context, Guid disk, CancellationToken stop)
    {
        try
        {
            return await context.Pool.CallAsync(Vdi.GetByUuid(disk), stop);
        }
        catch (XenApiFailure gone) when (gone.Code == "UUID_INVALID")
        {
            return null;
        }
    }

    /// <summary>
    /// The row names another root by now, so this one may go. Where the host does not let it go it stays as a leftover, which the sweep tries again: it
    /// holds up nothing. The root says that it is one from here on.
    /// </summary>
    private static WorkflowStep Destroy(string name, DiskRole role, TaskState shows) => new(
        name,
        async (context, stop) =>
        {
            if (context.Row.Disks.Root is { } root && await FindAsync(context, root, stop) is { } own)
                await context.Pool.CallAsync(Vdi.SetOtherConfig(own, Marks.OfDisk(context.Row.Stamp, root, DiskRole.Root, context.Row.WorkingIntent)), stop);
            if (context.Row.Disks[role] is { } disk && await FindAsync(context, disk, stop) is { } former)
                await ObjectsOf.UnlessItWillNotAsync(context.Pool.CallAsync(Vdi.Destroy(former), stop));
            return new StepOutcome.Done(Disks: context.Row.Disks.With(role, null));
        },
        Undo: null,                                             // no way back lies before it
        Probe: null,
        shows,
        Needs: Needs.Pool);

    private static Task StartAgainAsync(StepContext context, CancellationToken stop) =>
        context.Row.Work?.Note == Running ? PowerSteps.StartAgainAsync(context, stop) : Task.CompletedTask;

    /// <summary>The steps see for themselves what is so; only a lost call that still works must have ended before they do.</summary>
    private static async Task<ProbeAnswer> ProbeAsync(StepContext context, CancellationToken stop, params XenCall[] calls)
    {
        foreach (var call in calls)
            if (await Probing.UnderWayAsync(context, call.Name, stop) is { } underWay)
                return new ProbeAnswer.Unknown(underWay);
        return ProbeAnswer.NotDone.Instance;
    }
}
