using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>
/// Resize and cold migration: the VM stays, and gets a copy of its disk on the SR of its second place, other CPUs and memory, and another host. The old disk is
/// left as it was when the guest stopped, until somebody confirms or reverts. What is refused on the way is undone, and the server is as before.
/// </summary>
internal static class ResizeSteps
{
    public static WorkflowStep AskShutdown { get; } = GuestSteps.AskShutdown with { Shows = TaskState.ResizeMigrating };

    public static WorkflowStep PowerOff { get; } = GuestSteps.PowerOff with
    {
        Shows = TaskState.ResizeMigrating,
        Undo = async (context, stop) =>
        {
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (context.Row.Destination?.State == VmState.Active && record.PowerState != VmPowerState.Running && !context.Host.IsNull)
                await PowerSteps.UnlessItIsAsync(VmPowerState.Running, context.Pool.RunTaskAsync(Vm.StartOn(vm, context.Host, startPaused: false, force: false), stop));
        },
    };

    /// <summary>
    /// Made with its stamp in the same call, so that a lost answer leaves no disk that nobody knows: a clone of a disk of ours could not be told from one that
    /// somebody else makes of it. As large as the flavor says, and never smaller than what is to be copied.
    /// </summary>
    public static WorkflowStep MakeDisk { get; } = new(
        "make-disk",
        async (context, stop) =>
        {
            var (there, target) = (context.Row.Destination!, context.Target!);
            var own = await context.Pool.CallAsync(Vdi.GetRecord(await DiskAsync(context, context.Row.Disks.Root, stop)), stop);
            var made = await context.Pool.CallAsync(
                Vdi.Create(new NewVdi(
                    Marks.NameOf(context.Row.Id), context.Row.Name, target.Sr, Math.Max(own.VirtualSize, FetchImage.RoundedUp(there.Flavor.DiskBytes)),
                    Marks.OfClaimedDisk(context.Row.Stamp, null, DiskRole.Next, context.Row.WorkingIntent))),
                stop);
            return await FinishedAsync(context, made, await context.Pool.CallAsync(Vdi.GetRecord(made), stop), stop);
        },
        Undo: (context, stop) => ObjectsOf.DestroyDisksAsync(context, DiskRole.Next, stop),
        async (context, stop) =>
        {
            var underWay = await Probing.UnderWayAsync(context, XenCalls.VdiCreate.Name, stop);
            foreach (var (disk, record) in await ObjectsOf.DisksAsync(context, stop))
                if (Marks.Read(record.OtherConfig) == context.Row.Stamp && Marks.IsMadeFor(record.OtherConfig, DiskRole.Next, context.Row.WorkingIntent))
                    return new ProbeAnswer.Done(await FinishedAsync(context, disk, record, stop));
            return underWay is not null ? new ProbeAnswer.Unknown(underWay) : ProbeAnswer.NotDone.Instance;
        },
        TaskState.ResizeMigrating,
        Needs: Needs.Place | Needs.Second,
        Makes: DiskRole.Next);

    /// <summary>All blocks, into the disk that is there: once more is the same.</summary>
    public static WorkflowStep CopyDisk { get; } = new(
        "copy-disk",
        async (context, stop) =>
        {
            await context.Pool.RunTaskAsync(
                Vdi.CopyInto(await DiskAsync(context, context.Row.Disks.Root, stop), await DiskAsync(context, context.Row.Disks.Next, stop)), stop);
            return new StepOutcome.Done();
        },
        Undo: null,                                             // goes with the disk
        async (context, stop) => await Probing.UnderWayAsync(context, XenCalls.VdiCopy.Name, stop) is { } underWay ? new ProbeAnswer.Unknown(underWay) : ProbeAnswer.NotDone.Instance,
        TaskState.ResizeMigrating);

    public static WorkflowStep SwapDisk { get; } = RootDevice.Step(
        "swap-disk", TaskState.ResizeMigrated,
        boots: disks => (disks.Next, DiskRole.Root), other: disks => (disks.Root, DiskRole.Former),
        undo: (context, stop) => RootDevice.PutAsync(context, (context.Row.Disks.Root, DiskRole.Root), (context.Row.Disks.Next, DiskRole.Next), stop));

    public static WorkflowStep ShapeVm { get; } = new(
        "shape-vm",
        (context, stop) => ShapeAsync(context, context.Row.Destination!.Flavor, stop),
        Undo: (context, stop) => ShapeAsync(context, context.Row.Command!.Flavor, stop),
        Probe: null,                                            // it says what is to be so, and reads first what is
        TaskState.ResizeMigrated);

    public static WorkflowStep StartThere { get; } = PowerSteps.StartAtSecond("start-there", TaskState.ResizeFinish) with
    {
        Undo = ObjectsOf.StopVmsAsync,
    };

    public static WorkflowStep SeenResized { get; } = PowerSteps.SeenAtSecond("seen-resized", TaskState.ResizeFinish);

    /// <summary>By right of the row, which names it.</summary>
    public static WorkflowStep DestroyFormer { get; } = new(
        "destroy-former",
        async (context, stop) =>
        {
            await ObjectsOf.DestroyDisksAsync(context, DiskRole.Former, stop);
            return new StepOutcome.Done(Disks: context.Row.Disks.With(DiskRole.Former, null));
        },
        Undo: null, Probe: null, TaskState.None, Needs: Needs.Pool);   // there is no way back; gone is done

    public static WorkflowStep SeenConfirmed { get; } = new(
        "seen-confirmed",
        async (context, stop) =>
        {
            await context.Pool.BarrierAsync(stop);
            return new StepOutcome.Done(Power: OwnVm.PowerOf((await OwnVm.ReadAsync(context, stop)).Record.PowerState));
        },
        Undo: null, Probe: null, TaskState.None, Needs: Needs.Pool, Joined: true);   // an observation

    /// <summary>What it did since is given up: nobody asks the guest.</summary>
    public static WorkflowStep StopThere { get; } = new(
        "stop-there",
        async (context, stop) =>
        {
            await ObjectsOf.StopVmsAsync(context, stop);
            return new StepOutcome.Done();
        },
        Undo: null,                                             // a revert that cannot go on is asked for again
        async (context, stop) => await Probing.UnderWayAsync(context, XenCalls.VmHardShutdown.Name, stop) is { } underWay ? new ProbeAnswer.Unknown(underWay) : ProbeAnswer.NotDone.Instance,
        TaskState.ResizeReverting,
        Needs: Needs.Pool);

    public static WorkflowStep SwapBack { get; } = RootDevice.Step(
        "swap-back", TaskState.ResizeReverting, boots: disks => (disks.Former, DiskRole.Root), other: disks => (disks.Root, DiskRole.Next), undo: null);

    public static WorkflowStep ShapeBack { get; } = new(
        "shape-back", (context, stop) => ShapeAsync(context, context.Row.Origin!.Flavor, stop), Undo: null, Probe: null, TaskState.ResizeReverting, Needs: Needs.Pool);

    /// <summary>From here on the old disk is its own again.</summary>
    public static WorkflowStep DestroyNew { get; } = new(
        "destroy-new",
        async (context, stop) =>
        {
            await ObjectsOf.DestroyDisksAsync(context, DiskRole.Root, stop);
            return new StepOutcome.Done(Disks: context.Row.Disks with { Root = context.Row.Disks.Former, Former = null });
        },
        Undo: null, Probe: null, TaskState.ResizeReverting, Needs: Needs.Pool, Commits: true);

    public static WorkflowStep StartBack { get; } = PowerSteps.StartAtSecond("start-back", TaskState.ResizeReverting);

    public static WorkflowStep SeenReverted { get; } = PowerSteps.SeenAtSecond("seen-reverted", TaskState.ResizeReverting);

    private static Task<XenRef<Vdi>> DiskAsync(StepContext context, Guid? disk, CancellationToken stop) =>
        context.Pool.RefAsync(Vdi.GetByUuid(disk ?? throw new InvalidOperationException($"Instance {context.Row.Id} names no such disk.")), stop);

    private static async Task<StepOutcome.Done> FinishedAsync(StepContext context, XenRef<Vdi> disk, Vdi record, CancellationToken stop)
    {
        if (!record.OtherConfig.ContainsKey(Marks.Self))
            await context.Pool.CallAsync(Vdi.AddToOtherConfig(disk, Marks.Self, record.Uuid.ToString("D")), stop);
        context.Pool.Remember(Vdi.GetByUuid(record.Uuid), disk);
        return new StepOutcome.Done(Disks: context.Row.Disks.With(DiskRole.Next, record.Uuid));
    }

    /// <summary>
    /// Halted VMs only. VCPUs_at_startup never exceeds VCPUs_max, so which of them comes first depends on the way it goes.
    /// </summary>
    private static async Task<StepOutcome> ShapeAsync(StepContext context, Flavor flavor, CancellationToken stop)
    {
        var (vm, record) = await OwnVm.ReadAsync(context, stop);
        var (max, atStartup) = (Vm.SetVcpusMax(vm, flavor.Vcpus), Vm.SetVcpusAtStartup(vm, flavor.Vcpus));
        foreach (var request in flavor.Vcpus >= record.VcpusMax ? [max, atStartup] : new[] { atStartup, max })
            await context.Pool.CallAsync(request, stop);
        await context.Pool.CallAsync(Vm.SetMemoryLimits(vm, flavor.MemoryMib * Units.Mib), stop);
        return new StepOutcome.Done();
    }
}
