using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Pools;

/// <summary>What an observer must be told of between two states of the cache: each object once, and only when what we show of it differs.</summary>
internal static class ShowChanges
{
    /// <param name="events">What led from one to the other; objects are told in the order of their first event.</param>
    public static IEnumerable<object> Between(PoolCache before, PoolCache after, IReadOnlyList<XenEvent> events)
    {
        foreach (var host in events.SelectMany(e => HostsOf(e, after)).Distinct())
        {
            if (HostChange(before, after, host) is { } message)
                yield return message;
        }
        foreach (var sr in events.SelectMany(e => SrsOf(e, before)).Distinct())
        {
            if (SrChange(before, after, sr) is { } message)
                yield return message;
        }
        foreach (var vm in RefsOf<Vm>(events, "vm"))
        {
            if (VmChange(before, after, vm) is { } message)
                yield return message;
        }
        foreach (var vdi in RefsOf<Vdi>(events, "vdi"))
        {
            if (VdiChange(before, after, vdi) is { } message)
                yield return message;
        }
    }

    private static object? HostChange(PoolCache before, PoolCache after, XenRef<Host> host)
    {
        var was = before.Hosts.TryGetValue(host, out var old) ? before.Observe(host, old) : null;
        if (!after.Hosts.TryGetValue(host, out var record))
            return was is null ? null : new HostGone(after.Pool, was.Host);
        var now = after.Observe(host, record);
        return now == was ? null : new HostShown(now);
    }

    private static object? SrChange(PoolCache before, PoolCache after, XenRef<Sr> sr)
    {
        var was = before.Srs.TryGetValue(sr, out var old) ? before.Observe(sr, old) : null;
        if (!after.Srs.TryGetValue(sr, out var record))
            return was is null ? null : new SrGone(after.Pool, was.Sr);
        var now = after.Observe(sr, record);
        return now == was ? null : new SrShown(now);
    }

    private static object? VmChange(PoolCache before, PoolCache after, XenRef<Vm> vm)
    {
        var was = before.Vms.TryGetValue(vm, out var old) ? before.Observe(vm, old) : null;
        var now = after.Vms.TryGetValue(vm, out var record) ? after.Observe(vm, record) : null;
        return now == was ? null
            : now is null || (was is not null && was.Stamp.Instance != now.Stamp.Instance) ? new VmGone(was!, record is null ? Departure.Destroyed : Departure.Unstamped)
            : new VmShown(now);
    }

    private static object? VdiChange(PoolCache before, PoolCache after, XenRef<Vdi> vdi)
    {
        var was = before.Vdis.TryGetValue(vdi, out var old) ? before.Observe(vdi, old) : null;
        var now = after.Vdis.TryGetValue(vdi, out var record) ? after.Observe(vdi, record) : null;
        return now == was ? null
            : now is null ? new VdiGone(was!, record is null ? Departure.Destroyed : Departure.Unstamped)
            : new VdiShown(now);
    }

    private static IEnumerable<XenRef<T>> RefsOf<T>(IReadOnlyList<XenEvent> events, string name) =>
        events.Where(e => e.Class == name).Select(e => new XenRef<T>(e.Ref)).Distinct();

    /// <summary>A host's memory and liveness stand in its metrics, its networks in its PIFs; what a network is called concerns every host of the pool.</summary>
    private static IEnumerable<XenRef<Host>> HostsOf(XenEvent e, PoolCache after) => e.Class switch
    {
        "host" => [new XenRef<Host>(e.Ref)],
        "host_metrics" => after.Hosts.Where(h => h.Value.Metrics.Value == e.Ref).Select(h => h.Key),
        "network" or "pif" => after.Hosts.Keys,
        _ => [],
    };

    /// <summary>Who sees an SR stands in its PBDs.</summary>
    private static IEnumerable<XenRef<Sr>> SrsOf(XenEvent e, PoolCache before) => e switch
    {
        { Class: "sr" } => [new XenRef<Sr>(e.Ref)],
        { Class: "pbd", Record: Pbd pbd } => [pbd.Sr],
        { Class: "pbd" } when before.Pbds.TryGetValue(new XenRef<Pbd>(e.Ref), out var gone) => [gone.Sr],
        _ => [],
    };
}
