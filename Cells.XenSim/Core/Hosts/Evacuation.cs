using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Vms;
using Cells.XenSim.Core.Wire;

namespace Cells.XenSim.Core.Hosts;

/// <summary>Emptying a host: a plan for every VM first, then migrations in batches.</summary>
internal static class Evacuation
{
    // evacuate_batch_size 0 means this many (xapi_globs).
    private const int DefaultBatch = 10;

    /// <summary>The plan is made before anything moves: one VM that cannot go, and none goes.</summary>
    public static Step Run(Call call)
    {
        var host = call.Target("host");
        if (host.Map("current_operations") is { Count: > 0 } current && current.Any(o => o.Value == "evacuate"))
            throw new XapiFailure("HOST_EVACUATE_IN_PROGRESS", host.Ref);
        var plan = Plan(call.Pool, host);
        if (plan.Failures.Count > 0) throw plan.Failures.Values.First();
        call.Forward(host);
        call.Hold(host, "evacuate");
        return Batch(call, plan.Moves, moved: 0, size: call.Int(2) > 0 ? (int)call.Int(2) : DefaultBatch);
    }

    public static Step Assert(Call call)
    {
        var failures = Plan(call.Pool, call.Target("host")).Failures.Values;
        return failures.Count == 0
            ? Step.Void
            : throw new XapiFailure("CANNOT_EVACUATE_HOST", string.Join('|', failures.Select(f => string.Join(',', [f.Code, .. f.Parameters]))));
    }

    /// <summary>A destination for each VM, largest first, each counted on its destination before the next is planned.</summary>
    public static (IReadOnlyList<(SimObject Vm, SimObject To)> Moves, SortedDictionary<string, XapiFailure> Failures) Plan(SimPool pool, SimObject host)
    {
        var moves = new List<(SimObject, SimObject)>();
        var failures = new SortedDictionary<string, XapiFailure>(StringComparer.Ordinal);
        var promised = new Dictionary<string, long>(StringComparer.Ordinal);
        var others = pool.Database.All("host").Where(h => h != host && pool.HostOf(h) is { Answers: true }).ToList();
        foreach (var vm in Residents(pool, host).OrderByDescending(VmMemory.NeededToStart))
        {
            try
            {
                VmOperations.Check(pool.Database, vm, "pool_migrate");
                var to = Destination(pool, vm, others, promised);
                promised[to.Ref] = promised.GetValueOrDefault(to.Ref) + VmMemory.NeededToStart(vm);
                moves.Add((vm, to));
            }
            catch (XapiFailure failure)
            {
                failures[vm.Ref] = failure;
            }
        }
        return (moves, failures);
    }

    private static SimObject Destination(SimPool pool, SimObject vm, List<SimObject> hosts, Dictionary<string, long> promised)
    {
        XapiFailure? first = null;
        SimObject? best = null;
        var most = 0L;
        foreach (var host in hosts)
        {
            try
            {
                BootPlace.Check(pool, vm, host, withMemory: false);
                var left = VmMemory.FreeBytes(pool.Database, host) - promised.GetValueOrDefault(host.Ref) - VmMemory.NeededToStart(vm);
                if (left < 0) throw new XapiFailure("HOST_NOT_ENOUGH_FREE_MEMORY", vm.Ref);
                if (best is null || left > most) (best, most) = (host, left);
            }
            catch (XapiFailure failure)
            {
                first ??= failure;
            }
        }
        return best ?? throw first ?? new XapiFailure("NO_HOSTS_AVAILABLE", vm.Ref);
    }

    private static Step Batch(Call call, IReadOnlyList<(SimObject Vm, SimObject To)> moves, int moved, int size)
    {
        if (moved == moves.Count) return Step.Void;
        var batch = moves.Skip(moved).Take(size).Where(m => m.Vm.Text("power_state") == "Running").ToList();
        foreach (var (vm, to) in batch) Migration.Reserve(call, vm, to);
        Step End()
        {
            foreach (var (vm, to) in batch) Migration.Arrive(call.Pool, vm, to);
            call.Release(undo: false, keep: call.Target("host"));
            var done = Math.Min(moves.Count, moved + size);
            call.Task?.Put("progress", (double)done / moves.Count);
            return Batch(call, moves, done, size);
        }
        return call.Latency <= TimeSpan.Zero ? End() : new Step.After(call.Latency, End);
    }

    private static IEnumerable<SimObject> Residents(SimPool pool, SimObject host) =>
        host.Set("resident_VMs").Select(v => pool.Database.Find("VM", v)).OfType<SimObject>().Where(v => !v.Flag("is_control_domain"));

    /// <summary>VM to [code, parameters].</summary>
    public sealed class Obstacles(SortedDictionary<string, XapiFailure> failures) : IWireValue
    {
        public void WriteTo(WireWriter writer)
        {
            writer.BeginStruct();
            foreach (var (vm, failure) in failures)
            {
                writer.Member(vm);
                writer.BeginArray();
                foreach (var word in (string[])[failure.Code, .. failure.Parameters]) writer.Text(word);
                writer.EndArray();
            }
            writer.EndStruct();
        }
    }
}
