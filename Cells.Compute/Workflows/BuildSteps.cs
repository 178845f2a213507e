using System.Globalization;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Workflows;

/// <summary>The steps of a build: what they do, and how the host is asked whether they are done.</summary>
internal static class BuildSteps
{
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
        var (vm, disk) = (await VmRefAsync(context, stop), await context.Pool.RefAsync(Vdi.GetByUuid(context.Row.Disks.Root!.Value), stop));
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
}
