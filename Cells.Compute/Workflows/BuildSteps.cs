using System.Globalization;
using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Reconciling;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Workflows;

/// <summary>The steps of a build: what they do, and how the host is asked whether they are done.</summary>
internal static class BuildSteps
{
    public static async Task<StepOutcome> EnsureImageAsync(StepContext context, CancellationToken stop) => await ImageAsync(context, stop) switch
    {
        ImageAnswer.Ready => new StepOutcome.Done(),
        var not => NotThere(not),
    };

    public static async Task<StepOutcome> CloneDiskAsync(StepContext context, CancellationToken stop)
    {
        var image = await ImageAsync(context, stop);
        if (image is not ImageAnswer.Ready ready)
            return NotThere(image);
        try
        {
            var source = await context.Pool.RefAsync(Vdi.GetByUuid(ready.Vdi), stop);
            while (true)
            {
                // An SR that cannot clone quickly makes a full copy.
                var clone = await context.Pool.CallAsync(Vdi.CloneFrom(source) with { Timeout = TimeSpan.FromMinutes(30) }, stop);
                if (await StampAsync(context, clone, stop) is { } disk)
                    return new StepOutcome.Done(Vdi: disk);
            }
        }
        catch (XenApiFailure gone) when (gone.Code is "UUID_INVALID" or "HANDLE_INVALID")
        {
            context.Images.Forget(context.Row.Command!.Image.Id, context.Row.Place!.Sr, ready.Vdi);
            return new StepOutcome.Unknown($"the cached image {ready.Vdi} has vanished from the SR; it is fetched again");
        }
    }

    public static async Task<ProbeAnswer> FindCloneAsync(StepContext context, CancellationToken stop)
    {
        if (await FindOwnDiskAsync(context, stop) is { } own)
            return new ProbeAnswer.Done(new StepOutcome.Done(Vdi: own));
        var underWay = await Probing.UnderWayAsync(context, "VDI.clone", stop);
        // Read again: the clone may have ended between the first look and the look at the tasks.
        if (await FindOwnDiskAsync(context, stop) is { } ended)
            return new ProbeAnswer.Done(new StepOutcome.Done(Vdi: ended));
        if (underWay is not null)
            return new ProbeAnswer.Unknown(underWay);
        // A clone that nobody has stamped may be ours: whoever stamps it first has it, and its maker, if it was another build, clones again.
        foreach (var (clone, record) in await ObjectsOf.NamedAsImageAsync(context, stop))
            if (UnfinishedClones.IsOne(record) && await StampAsync(context, clone, stop) is { } adopted)
                return new ProbeAnswer.Done(new StepOutcome.Done(Vdi: adopted));
        return ProbeAnswer.NotDone.Instance;
    }

    /// <summary>
    /// A clone is as large as its image, and never made smaller. Growing it to what it has already is nothing; storage that rounds up further than VHDs do
    /// has it larger by then, and calls the same size too small.
    /// </summary>
    public static async Task<StepOutcome> SizeDiskAsync(StepContext context, CancellationToken stop)
    {
        var wanted = FetchImage.RoundedUp(context.Row.Command!.Flavor.DiskBytes);
        if (wanted <= FetchImage.RoundedUp(context.Row.Command.Image.SizeBytes))
            return new StepOutcome.Done();
        var disk = await context.Pool.RefAsync(Vdi.GetByUuid(context.Row.Vdi!.Value), stop);
        try
        {
            await context.Pool.CallAsync(Vdi.Resize(disk, wanted) with { Timeout = TimeSpan.FromMinutes(10) }, stop);
        }
        catch (XenApiFailure refused) when (refused.Code == "SR_BACKEND_FAILURE_79")
        {
            if ((await context.Pool.CallAsync(Vdi.GetRecord(disk), stop)).VirtualSize < wanted)
                throw;
        }
        return new StepOutcome.Done();
    }

    public static async Task<StepOutcome> CreateVmAsync(StepContext context, CancellationToken stop)
    {
        var command = context.Row.Command!;
        var vm = new NewVm(
            Marks.NameOf(context.Row.Id), command.Name, command.Flavor.Vcpus, command.Flavor.MemoryMib * Units.Mib, Marks.Of(context.Row.Stamp));
        var made = await context.Pool.CallAsync(Vm.Create(vm), stop);
        var record = await context.Pool.CallAsync(Vm.GetRecord(made), stop);
        context.Pool.Remember(Vm.GetByUuid(record.Uuid), made);
        return new StepOutcome.Done(Vm: await MarkAsync(context, made, record, stop));
    }

    public static async Task<ProbeAnswer> FindVmAsync(StepContext context, CancellationToken stop)
    {
        var underWay = await Probing.UnderWayAsync(context, "VM.create", stop);
        return await FindOwnVmAsync(context, stop) is { } made ? new ProbeAnswer.Done(new StepOutcome.Done(Vm: await MarkAsync(context, made.Key, made.Value, stop)))
            : underWay is not null ? new ProbeAnswer.Unknown(underWay)
            : ProbeAnswer.NotDone.Instance;
    }

    /// <summary>A VM's uuid is known only once it is there: with its mark, a copy that somebody makes of it is told from it.</summary>
    private static async Task<Guid> MarkAsync(StepContext context, XenRef<Vm> vm, Vm record, CancellationToken stop)
    {
        if (!record.OtherConfig.ContainsKey(Marks.Self))
            await context.Pool.CallAsync(Vm.AddToOtherConfig(vm, Marks.Self, record.Uuid.ToString("D")), stop);
        return record.Uuid;
    }

    public static async Task<StepOutcome> AttachDiskAsync(StepContext context, CancellationToken stop)
    {
        var (vm, disk) = (await VmRefAsync(context, stop), await context.Pool.RefAsync(Vdi.GetByUuid(context.Row.Vdi!.Value), stop));
        try
        {
            await context.Pool.CallAsync(Vbd.Create(new NewVbd(vm, disk, "0", Bootable: true, Marks.Of(context.Row.Stamp))), stop);
        }
        catch (XenApiFailure taken) when (taken.Code == "DEVICE_ALREADY_EXISTS")
        {
            // The VM is ours alone, and device 0 is only ever its root disk.
        }
        return new StepOutcome.Done();
    }

    public static async Task<ProbeAnswer> FindVbdAsync(StepContext context, CancellationToken stop)
    {
        var underWay = await Probing.UnderWayAsync(context, "VBD.create", stop);
        var vm = await FindOwnVmAsync(context, stop);
        return vm is { Value.Vbds.Count: > 0 } ? new ProbeAnswer.Done(new StepOutcome.Done())
            : underWay is not null ? new ProbeAnswer.Unknown(underWay)
            : ProbeAnswer.NotDone.Instance;
    }

    public static async Task<StepOutcome> AttachNetworkAsync(StepContext context, CancellationToken stop)
    {
        var nics = NicsOf(context.Row.Command!);
        if (nics.FirstOrDefault(nic => !context.Networks.ContainsKey(nic.Network)) is { } lost)
            return new StepOutcome.Refused("no_network", $"the host does not carry network '{lost.Network}'");
        if (nics.Count == 0)
            return new StepOutcome.Done();
        var vm = await VmRefAsync(context, stop);
        for (var device = 0; device < nics.Count; device++)
        {
            var vif = new NewVif(
                vm, context.Networks[nics[device].Network], device.ToString(CultureInfo.InvariantCulture), nics[device].Mac, Marks.Of(context.Row.Stamp));
            try
            {
                await context.Pool.CallAsync(Vif.Create(vif), stop);
            }
            catch (XenApiFailure taken) when (taken.Code == "DEVICE_ALREADY_EXISTS")
            {
                // As with the disk: a device of this VM is only ever ours, and its interface is the same each time.
            }
        }
        return new StepOutcome.Done();
    }

    public static async Task<ProbeAnswer> FindVifsAsync(StepContext context, CancellationToken stop)
    {
        var underWay = await Probing.UnderWayAsync(context, "VIF.create", stop);
        var vm = await FindOwnVmAsync(context, stop);
        return vm is { } found && found.Value.Vifs.Count >= NicsOf(context.Row.Command!).Count ? new ProbeAnswer.Done(new StepOutcome.Done())
            : underWay is not null ? new ProbeAnswer.Unknown(underWay)
            : ProbeAnswer.NotDone.Instance;
    }

    /// <summary>Without a word about interfaces: one on the management network, its MAC made by the host.</summary>
    private static IReadOnlyList<Nic> NicsOf(BuildInstance command) => command.Nics ?? [new Nic(default, NetworkKeys.Management, "", [])];

    public static async Task<StepOutcome> StartAsync(StepContext context, CancellationToken stop)
    {
        var vm = await VmRefAsync(context, stop);
        try
        {
            await context.Pool.RunTaskAsync(Vm.StartOn(vm, context.Host, startPaused: false, force: false), stop);
        }
        catch (XenApiFailure started) when (started.Code == "VM_BAD_POWER_STATE" && started.Parameters.Contains("running"))
        {
            // Parameters: VM, expected, actual. An earlier start of ours had its effect.
        }
        return new StepOutcome.Done();
    }

    public static async Task<ProbeAnswer> ReadStartedAsync(StepContext context, CancellationToken stop)
    {
        var underWay = await Probing.UnderWayAsync(context, "VM.start_on", stop);
        var vm = await FindOwnVmAsync(context, stop);
        return vm is { Value.PowerState: VmPowerState.Running } ? new ProbeAnswer.Done(new StepOutcome.Done())
            : underWay is not null ? new ProbeAnswer.Unknown(underWay)
            : vm is { Value.ScheduledToBeResidentOn.IsNull: false } ? new ProbeAnswer.Unknown("the host has it scheduled for a start")
            : ProbeAnswer.NotDone.Instance;
    }

    /// <summary>
    /// The start's own answer proves nothing: the host must show the VM running. After the barrier no older event of this VM is still on its way,
    /// so nothing stale can correct the row afterwards.
    /// </summary>
    public static async Task<StepOutcome> SeenRunningAsync(StepContext context, CancellationToken stop)
    {
        await context.Pool.BarrierAsync(stop);
        return await FindOwnVmAsync(context, stop) is { } vm
            ? vm.Value.PowerState == VmPowerState.Running
                ? new StepOutcome.Done()
                : new StepOutcome.Refused("not_running", $"VM {vm.Value.Uuid} was started and is shown as {vm.Value.PowerState}, not running")
            : new StepOutcome.Refused("vm_gone", $"VM {context.Row.Vm} was started and is not shown any more");
    }

    /// <summary>A disk with this attempt's stamp; one whose stamping was interrupted is finished now.</summary>
    private static async Task<Guid?> FindOwnDiskAsync(StepContext context, CancellationToken stop)
    {
        foreach (var (disk, record) in await ObjectsOf.DisksAsync(context, stop))
        {
            if (record.NameLabel == Marks.NameOf(context.Row.Id) && Marks.Read(record.OtherConfig) == context.Row.Stamp)
                return record.Uuid;
            if (record.NameLabel != Marks.NameOf(context.Row.Id))
                return await StampAsync(context, disk, stop);
        }
        return null;
    }

    private static async Task<KeyValuePair<XenRef<Vm>, Vm>?> FindOwnVmAsync(StepContext context, CancellationToken stop)
    {
        var vms = await ObjectsOf.VmsAsync(context, stop);
        foreach (var vm in vms.Where(v => Marks.Read(v.Value.OtherConfig) == context.Row.Stamp))
            if (context.Row.Vm is null || context.Row.Vm == vm.Value.Uuid)
                return vm;
        return null;
    }

    private static async Task<XenRef<Vm>> VmRefAsync(StepContext context, CancellationToken stop) =>
        await context.Pool.RefAsync(Vm.GetByUuid(context.Row.Vm!.Value), stop);

    /// <summary>
    /// Makes a clone this attempt's. Adding the first key is the compare-and-set: it is refused when the key is there, so one clone has one owner.
    /// The name comes last: an object with an instance's name has its whole stamp.
    /// </summary>
    /// <returns>The disk's uuid, or null when another build was first.</returns>
    private static async Task<Guid?> StampAsync(StepContext context, XenRef<Vdi> clone, CancellationToken stop)
    {
        try
        {
            await context.Pool.CallAsync(Vdi.AddToOtherConfig(clone, Marks.Instance, context.Row.Id.ToString()), stop);
        }
        catch (XenApiFailure taken) when (taken.Code == "MAP_DUPLICATE_KEY")
        {
            // Ours from an interrupted stamping, or another build's: the record below tells.
        }
        var record = await context.Pool.CallAsync(Vdi.GetRecord(clone), stop);
        if (Marks.InstanceOf(record.OtherConfig) != context.Row.Id)
            return null;
        var marks = Marks.Of(context.Row.Stamp);
        marks[Marks.Self] = record.Uuid.ToString("D");
        await context.Pool.CallAsync(Vdi.SetOtherConfig(clone, marks), stop);
        await context.Pool.CallAsync(Vdi.SetNameLabel(clone, Marks.NameOf(context.Row.Id)), stop);
        context.Pool.Remember(Vdi.GetByUuid(record.Uuid), clone);
        return record.Uuid;
    }

    private static StepOutcome NotThere(ImageAnswer answer) => answer is ImageAnswer.Refused refused
        ? new StepOutcome.Refused(refused.Everywhere ? StepOutcome.ImageUnavailable : "sr_refused", refused.Reason)
        : new StepOutcome.Unknown(answer.Reason);

    private static Task<ImageAnswer> ImageAsync(StepContext context, CancellationToken stop) =>
        context.Images.EnsureAsync(
            new EnsureImage(context.Row.Command!.Image, context.Row.Place!.Sr, context.Sr, context.Row.Parent, context.Owner, context.Pool), stop);
}
