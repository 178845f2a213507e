using System.Collections.Concurrent;
using System.Collections.Frozen;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Vms;

/// <summary>Which operation a VM takes in which power state, and the checks before it, in a host's order.</summary>
internal static class VmOperations
{
    private const string Halted = "Halted", Paused = "Paused", Suspended = "Suspended", Running = "Running";
    private static readonly string[] AllStates = [Halted, Paused, Suspended, Running];

    private static readonly FrozenDictionary<string, string[]> States = new (string[] Operations, string[] States)[]
    {
        (["start", "start_on", "provision", "make_into_template", "changing_NVRAM", "changing_shadow_memory", "create_vtpm"], [Halted]),
        (["changing_VCPUs", "changing_static_range", "changing_memory_limits"], [Halted]),
        (["changing_dynamic_range"], [Halted, Running]),
        (["clone", "copy"], [Halted]),
        (["destroy", "export", "create_template"], [Halted, Suspended]),
        (["unpause"], [Paused]),
        (["resume", "resume_on"], [Suspended]),
        (["pause", "suspend", "pool_migrate", "clean_shutdown", "clean_reboot", "send_sysrq", "send_trigger", "changing_VCPUs_live", "data_source_op", "call_plugin"], [Running]),
        (["hard_reboot"], [Paused, Running]),
        (["hard_shutdown", "shutdown", "checkpoint", "get_boot_record"], [Paused, Suspended, Running]),
        (["migrate_send"], [Halted, Suspended, Running]),
        (["snapshot", "revert", "metadata_export", "power_state_reset", "update_allowed_operations"], AllStates),
    }.SelectMany(row => row.Operations.Select(o => (o, row.States))).ToFrozenDictionary(p => p.o, p => p.States, StringComparer.Ordinal);

    // Everything above except what xapi never lists: create_template, power_state_reset, get_boot_record, send_*, shutdown, ...
    private static readonly string[] Listed =
    [
        "changing_dynamic_range", "changing_static_range", "changing_shadow_memory", "changing_NVRAM", "make_into_template", "provision",
        "migrate_send", "pool_migrate", "changing_VCPUs_live", "suspend", "resume", "resume_on", "hard_reboot", "hard_shutdown",
        "clean_reboot", "clean_shutdown", "pause", "unpause", "checkpoint", "snapshot", "revert", "copy", "clone", "export",
        "metadata_export", "create_vtpm", "destroy", "start", "start_on",
    ];

    private static readonly ConcurrentDictionary<(string State, bool Template, bool Default, bool Snapshot, bool Control, bool Lacks), string[]> Known = new();
    private static readonly FrozenSet<string> OnTemplates =
        new[] { "clone", "copy", "export", "metadata_export", "provision", "destroy", "migrate_send" }.ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> OnSnapshots =
        new[] { "revert", "clone", "copy", "export", "destroy", "hard_shutdown", "metadata_export" }.ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> NeedsGuestFeature =
        new[] { "suspend", "checkpoint", "clean_shutdown", "clean_reboot", "changing_VCPUs_live", "pool_migrate", "migrate_send" }.ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> EndedByHardShutdown =
        new[] { "clean_shutdown", "clean_reboot", "pool_migrate", "suspend", "call_plugin" }.ToFrozenSet(StringComparer.Ordinal);

    /// <exception cref="XapiFailure">The first check that fails; <see cref="ObjectBusy"/> when only another operation stands in the way.</exception>
    public static void Check(Database database, SimObject vm, string operation)
    {
        if (Refusal(database, vm, operation) is { } refusal) throw refusal;
    }

    /// <summary>The state alone, again: a hard shutdown may have overtaken work that took its time.</summary>
    public static void CheckState(SimObject vm, string operation)
    {
        var allowed = States[operation];
        if (!allowed.Contains(vm.Text("power_state"))) throw BadState(vm, allowed);
    }

    public static string[] Allowed(Database database, SimObject vm)
    {
        if (vm.Map("current_operations").Count > 0 || vm.Map("blocked_operations").Count > 0) return Compute(database, vm);

        // Nothing else decides then, so VMs in the same situation share one answer.
        var situation = (vm.Text("power_state"), vm.Flag("is_a_template"), vm.Flag("is_default_template"), vm.Flag("is_a_snapshot"),
            vm.Flag("is_control_domain"), LacksFeature(database, vm));
        return Known.TryGetValue(situation, out var known) ? known : Known.GetOrAdd(situation, Compute(database, vm));
    }

    private static string[] Compute(Database database, SimObject vm) => [.. Listed.Where(o => Refusal(database, vm, o) is null)];

    /// <summary>Operations under way that a hard shutdown or hard reboot ends.</summary>
    public static void CancelWhatGivesWay(Call call, SimObject vm)
    {
        foreach (var (task, operation) in vm.Map("current_operations"))
            if (EndedByHardShutdown.Contains(operation) && call.Pool.Calls.OfTask(task) is { } other) call.Pool.Calls.Cancel(other);
    }

    private static XapiFailure? Refusal(Database database, SimObject vm, string operation)
    {
        if (vm.Map("blocked_operations")[operation] is { } reason) return new XapiFailure("OPERATION_BLOCKED", vm.Ref, reason);

        var state = vm.Text("power_state");
        var allowed = States.GetValueOrDefault(operation, []);   // import and the like are allowed in no state
        if (!allowed.Contains(state) && !(operation is "clone" or "copy" && state == Suspended && vm.Flag("is_a_snapshot")))
            return BadState(vm, allowed);

        if (vm.Map("current_operations") is { Count: > 0 } current && !MayOverlap(operation, current))
            return new ObjectBusy("VM", vm.Ref, Names(current.Select(p => p.Value)), Names(current.Select(p => p.Key)));

        var (template, snapshot) = (vm.Flag("is_a_template"), vm.Flag("is_a_snapshot"));
        if (template && !snapshot && !OnTemplates.Contains(operation) && !operation.StartsWith("changing_", StringComparison.Ordinal))
            return new XapiFailure("VM_IS_TEMPLATE", vm.Ref, operation);
        if (template && vm.Flag("is_default_template"))
        {
            if (operation == "destroy") return new XapiFailure("VM_CANNOT_DELETE_DEFAULT_TEMPLATE", vm.Ref);
            if (operation == "migrate_send") return new XapiFailure("VM_IS_TEMPLATE", vm.Ref, operation);
        }
        if (snapshot && !OnSnapshots.Contains(operation)) return new XapiFailure("VM_IS_SNAPSHOT", vm.Ref, operation);
        if (!template && operation == "provision") return new XapiFailure("PROVISION_ONLY_ALLOWED_ON_TEMPLATE");
        if (!snapshot && operation == "revert") return new XapiFailure("REVERT_ONLY_ALLOWED_ON_SNAPSHOT");
        if (vm.Flag("is_control_domain")) return XapiFailure.NotAllowed("This operation is not allowed on a control domain");
        if (NeedsGuestFeature.Contains(operation) && LacksFeature(database, vm)) return new XapiFailure("VM_LACKS_FEATURE", vm.Ref);
        return null;
    }

    public static XapiFailure BadState(SimObject vm, params string[] expected) =>
        new("VM_BAD_POWER_STATE", vm.Ref, string.Join(", ", expected.Select(Lower)), Lower(vm.Text("power_state")));

    // Power states go over the wire in lower case here, unlike in the record.
    private static string Lower(string state) => state.ToLowerInvariant();

    private static bool MayOverlap(string operation, StringMap current) => operation switch
    {
        "hard_shutdown" => current.All(c => c.Value != "hard_shutdown"),
        "hard_reboot" => current.All(c => c.Value is not ("hard_shutdown" or "hard_reboot")),
        "clone" or "copy" or "export" => current.All(c => c.Value is "clone" or "copy" or "export"),
        "snapshot" or "checkpoint" => current.All(c => c.Value is "snapshot" or "checkpoint"),
        "metadata_export" or "clean_shutdown" or "clean_reboot" => current.All(c => c.Value == "migrate_send"),
        "update_allowed_operations" => true,
        _ => false,
    };

    private static string Names(IEnumerable<string> names)
    {
        var all = names.ToArray();
        return all.Length == 1 ? all[0] : $"{{{string.Join(',', all)}}}";
    }

    /// <summary>A live HVM guest without PV drivers can do none of these; PV guests and guests at rest pass.</summary>
    private static bool LacksFeature(Database database, SimObject vm) =>
        vm.Text("power_state") is Running or Paused && VmMemory.IsHvm(vm)
        && database.Find("VM_guest_metrics", vm.Text("guest_metrics"))?.Flag("PV_drivers_detected") is not true;
}
