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
        Undo = (context, stop) => context.Row.Destination?.State == VmState.Active ? PowerSteps.StartAgainAsync(context, stop) : Task.CompletedTask,
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
        // Where it will not go, as on a host that has died meanwhile, the row names it no more, and the sweep tries again.
        Undo: (context, stop) => ObjectsOf.UnlessItWillNotAsync(ObjectsOf.DestroyDisksAsync(context, DiskRole.Next, stop)),
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
        Makes: DiskRole.Next)
    {
        GivesUp = true,
    };

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
        TaskState.ResizeMigrating,
        OnHost: false)
    {
        GivesUp = true,
        Transfers = true,
    };

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

    /// <summary>
    /// By right of the row, which names it. Where it will not go, as on a host that has died, the row names it no more, and the sweep tries again: a confirmation
    /// does not wait for it. Never the one that the VM has: the old one is on device 0 after a revert that could be neither done nor undone.
    /// </summary>
    public static WorkflowStep DestroyFormer { get; } = new(
        "destroy-former",
        async (context, stop) =>
        {
            if (context.Row.Disks.Former is { } disk && await HasAsync(context, disk, stop))
                return new StepOutcome.Refused("boots_from_former", $"the server has its former disk {disk} attached: revert it");
            await ObjectsOf.UnlessItWillNotAsync(ObjectsOf.DestroyDisksAsync(context, DiskRole.Former, stop));
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

    /// <summary>What it did since is given up: nobody asks the guest. It is not stopped for a host that is away.</summary>
    public static WorkflowStep StopThere { get; } = new(
        "stop-there",
        async (context, stop) =>
        {
            if (OriginIsAway(context) is { } away)
                return away;
            await ObjectsOf.StopVmsAsync(context, stop);
            return new StepOutcome.Done();
        },
        Undo: (context, stop) => context.Row.PowerState == PowerState.Running && CanGoBack(context) ? PowerSteps.StartAgainAsync(context, stop) : Task.CompletedTask,
        async (context, stop) => await Probing.UnderWayAsync(context, XenCalls.VmHardShutdown.Name, stop) is { } underWay ? new ProbeAnswer.Unknown(underWay) : ProbeAnswer.NotDone.Instance,
        TaskState.ResizeReverting,
        Needs: Needs.Pool);

    public static WorkflowStep SwapBack { get; } = RootDevice.Step(
        "swap-back", TaskState.ResizeReverting, boots: disks => (disks.Former, DiskRole.Root), other: disks => (disks.Root, DiskRole.Next),
        undo: (context, stop) => CanGoBack(context)
            ? RootDevice.PutAsync(context, (context.Row.Disks.Root, DiskRole.Root), (context.Row.Disks.Former, DiskRole.Former), stop)
            : Task.CompletedTask);

    public static WorkflowStep ShapeBack { get; } = new(
        "shape-back",
        (context, stop) => ShapeAsync(context, context.Row.Origin!.Flavor, stop),
        Undo: (context, stop) => CanGoBack(context) ? ShapeAsync(context, context.Row.Command!.Flavor, stop) : Task.CompletedTask,
        Probe: null, TaskState.ResizeReverting, Needs: Needs.Pool);

    /// <summary>Up to here only the pool's database was changed.</summary>
    public static WorkflowStep AskOrigin { get; } = new(
        "ask-origin", (context, _) => Task.FromResult<StepOutcome>(OriginIsAway(context) is { } away ? away : new StepOutcome.Done()), Undo: null, Probe: null, TaskState.ResizeReverting, Needs: Needs.Pool);   // an observation

    /// <summary>
    /// Only once the server is seen back: until then the new disk is the good one. From here on the old one is its own again. Where the new one will not go, the
    /// row names it no more, and the sweep tries again.
    /// </summary>
    public static WorkflowStep DestroyNew { get; } = new(
        "destroy-new",
        async (context, stop) =>
        {
            if (!CanGoBack(context))
                return new StepOutcome.Done();
            var power = OwnVm.PowerOf((await OwnVm.ReadAsync(context, stop)).Record.PowerState);   // whatever may be refused comes before
            await ObjectsOf.UnlessItWillNotAsync(ObjectsOf.DestroyDisksAsync(context, DiskRole.Root, stop));
            return new StepOutcome.Done(Disks: context.Row.Disks with { Root = context.Row.Disks.Former, Former = null }, Power: power);
        },
        Undo: null, Probe: null, TaskState.ResizeReverting, Needs: Needs.Pool, Commits: true);   // there is no way back; gone is done

    public static WorkflowStep StartBack { get; } = PowerSteps.StartAtSecond("start-back", TaskState.ResizeReverting) with
    {
        Undo = (context, stop) => CanGoBack(context) ? ObjectsOf.StopVmsAsync(context, stop) : Task.CompletedTask,
    };

    public static WorkflowStep SeenReverted { get; } = PowerSteps.SeenAtSecond("seen-reverted", TaskState.ResizeReverting);

    /// <summary>False for a revert that a former version had begun, which destroyed the new disk before it started the server.</summary>
    private static bool CanGoBack(StepContext context) => context.Row.Disks.Former is not null;

    private static StepOutcome.Refused? OriginIsAway(StepContext context) => CanGoBack(context) && (context.SecondIsDown || context.Target is null)
        ? new StepOutcome.Refused("origin_away", $"host {context.Row.Origin!.Place.HostName}, where the server would go back to, is not heard; the server stays resized until it is")
        : null;

    private static async Task<bool> HasAsync(StepContext context, Guid disk, CancellationToken stop)
    {
        if (await BootDiskSteps.FindAsync(context, disk, stop) is not { } shown)
            return false;
        foreach (var vbd in (await OwnVm.ReadAsync(context, stop)).Record.Vbds)
            if ((await context.Pool.CallAsync(Vbd.GetRecord(vbd), stop)).Vdi == shown)
                return true;
        return false;
    }

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
