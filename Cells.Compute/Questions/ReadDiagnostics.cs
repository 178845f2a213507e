using System.Globalization;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Questions;

/// <summary>What a host's records show of a running VM. Rates and counters stand in its round-robin databases only, which are not read: they are null.</summary>
internal static class ReadDiagnostics
{
    public static async Task<InstanceTold> AsOfAsync(
        AnswerQuestion asked, XenRef<Vm> reference, Vm vm, IPoolCalls pool, PoolCache? cache, CancellationToken stop)
    {
        if (vm.PowerState != VmPowerState.Running)
            return asked.Not(ToldOutcome.NotRunning, WordOf(vm.PowerState));
        var metrics = await pool.CallAsync(VmMetrics.GetRecord(vm.Metrics), stop);
        var now = await pool.CallAsync(Host.GetServertime(vm.ResidentOn), stop);
        var vifs = await pool.CallAsync(Vif.GetAllRecordsWhere(XenWhere.FieldIs("VM", reference)), stop);
        return asked.Seen(diagnostics: new InstanceDiagnostics(
            WordOf(vm.PowerState),
            UptimeOf(metrics.StartTime, now),
            (int)metrics.VcpusNumber,
            vm.Vbds.Count,
            [.. vifs.OrderBy(v => v.Value.Device.Length).ThenBy(v => v.Value.Device, StringComparer.Ordinal).Select(v => v.Value.Mac)],
            vm.MemoryStaticMax / Units.Mib,
            metrics.MemoryActual > 0 ? metrics.MemoryActual / Units.Mib : null,
            asked.Row.Place is { } place && cache?.FindHost(place.Host) is { } host ? ProductOf(host.Value) : null));
    }

    /// <summary>Both by the host's clock. Null when one of them says nothing; 1970 is what a record shows that was never set.</summary>
    internal static long? UptimeOf(string startTime, string now) =>
        Time(startTime) is { } start && Time(now) is { } then && start.Year > 1970 && then >= start ? (long)(then - start).TotalSeconds : null;

    // XenAPI datetime: 20260131T10:00:00Z, with or without dashes by release.
    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParseExact(text, ["yyyyMMdd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time : null;

    private static string? ProductOf(Host host) =>
        host.SoftwareVersion.TryGetValue("product_brand", out var brand) && host.SoftwareVersion.TryGetValue("product_version", out var version) ? $"{brand} {version}" : null;

    /// <summary>Nova's words for power states.</summary>
    private static string WordOf(VmPowerState state) => state switch
    {
        VmPowerState.Running => "running",
        VmPowerState.Paused => "paused",
        VmPowerState.Suspended => "suspended",
        VmPowerState.Halted => "shutdown",
        _ => "nostate",
    };
}
