using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Storage;

/// <summary>The checks before an operation on a disk, in a host's order, and who may attach it.</summary>
internal static class VdiGuard
{
    private static readonly string[] Listed =
        ["snapshot", "clone", "copy", "resize", "resize_online", "destroy", "forget", "update", "generate_config", "mirror"];

    // Operations that an attached disk bears.
    private static readonly string[] Live = ["snapshot", "clone", "resize_online", "mirror", "update", "generate_config"];

    public static void Check(Database database, SimObject vdi, string operation)
    {
        if (Refusal(database, vdi, operation) is { } refusal) throw refusal;
    }

    public static string[] Allowed(Database database, SimObject vdi) => [.. Listed.Where(o => Refusal(database, vdi, o) is null)];

    /// <exception cref="XapiFailure">VDI_IN_USE [vdi, attach] when another live VM uses the disk in a way that excludes this VBD.</exception>
    public static void CheckAttachable(Database database, SimObject vdi, SimObject vbd)
    {
        if (vdi.Flag("sharable")) return;
        var writes = vbd.Text("mode") == "RW";
        foreach (var other in Attached(database, vdi))
            if (other != vbd && (writes || other.Text("mode") == "RW")) throw new XapiFailure("VDI_IN_USE", vdi.Ref, "attach");
    }

    /// <summary>VBDs that have the disk open or are about to. Suspended VMs do not count.</summary>
    public static IEnumerable<SimObject> Attached(Database database, SimObject vdi) =>
        vdi.Set("VBDs").Select(r => database.Find("VBD", r)).OfType<SimObject>()
            .Where(v => (v.Flag("currently_attached") || v.Map("current_operations").Count > 0)
                && database.Find("VM", v.Text("VM"))?.Text("power_state") != "Suspended");

    private static XapiFailure? Refusal(Database database, SimObject vdi, string operation)
    {
        if (vdi.Map("current_operations") is { Count: > 0 } current && !(operation == "copy" && current.All(c => c.Value == "copy")))
            return new ObjectBusy("VDI", vdi.Ref, current.First().Value, current.First().Key);
        var attached = Attached(database, vdi).ToList();
        if (attached.Count > 0 && !Live.Contains(operation) && !(operation == "copy" && attached.All(v => v.Text("mode") == "RO")))
            return new XapiFailure("VDI_IN_USE", vdi.Ref, operation);
        if (!vdi.Flag("managed")) return new XapiFailure("VDI_NOT_MANAGED", vdi.Ref);
        return null;
    }
}
