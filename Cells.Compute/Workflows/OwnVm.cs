using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>The VM of a row that has one, as its host says it is now.</summary>
internal static class OwnVm
{
    /// <exception cref="XenApiFailure">UUID_INVALID or HANDLE_INVALID when it is not there any more.</exception>
    public static async Task<(XenRef<Vm> Ref, Vm Record)> ReadAsync(StepContext context, CancellationToken stop)
    {
        var vm = await context.Pool.CallAsync(Vm.GetByUuid(context.Row.Vm ?? throw new InvalidOperationException($"Instance {context.Row.Id} has no VM.")), stop);
        return (vm, await context.Pool.CallAsync(Vm.GetRecord(vm), stop));
    }

    public static PowerState? PowerOf(VmPowerState shown) => shown switch
    {
        VmPowerState.Running => PowerState.Running,
        VmPowerState.Halted => PowerState.Shutdown,
        VmPowerState.Paused => PowerState.Paused,
        VmPowerState.Suspended => PowerState.Suspended,
        _ => null,                                                // a word of a newer release says nothing to us
    };
}
