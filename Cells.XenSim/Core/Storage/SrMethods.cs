using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Storage;

/// <summary>Storage repositories and their connections to hosts (PBDs).</summary>
internal static class SrMethods
{
    private static readonly string[] Operations =
        ["vdi_resize", "vdi_clone", "vdi_snapshot", "vdi_create", "vdi_destroy", "vdi_copy", "scan", "update", "plug", "unplug", "pbd_create", "pbd_destroy"];

    public static void Register(MethodTable table)
    {
        table.Works("SR.scan", call =>
        {
            var sr = call.Target("SR");
            Forward(call, sr);
            call.Hold(sr, "scan");
            return call.Work(() =>
            {
                Measure(call.Database, sr);
                return null;
            });
        });
        table.On("SR.update", call =>
        {
            Measure(call.Database, call.Target("SR"));
            return Step.Void;
        });
        table.On("SR.get_supported_types", call => Step.Of(call.Database.All("SM").Select(s => s.Text("type")).ToArray()));
        table.PlainSetters("SR", "name_label", "name_description");
        table.On("PBD.plug", call =>
        {
            call.Target("PBD").Put("currently_attached", true);
            return Step.Void;
        });
        table.On("PBD.unplug", Unplug);
    }

    public static string[] Allowed(SimObject sr) => sr.Map("current_operations").Count == 0 ? Operations : [];

    public static bool IsPlugged(Database database, string sr, string host) =>
        database.Find("SR", sr) is { } record && record.Set("PBDs").Select(p => database.Find("PBD", p))
            .Any(p => p is not null && p.Text("host") == host && p.Flag("currently_attached"));

    /// <exception cref="XapiFailure">SR_HAS_NO_PBDS [sr].</exception>
    public static void CheckPlugged(Database database, SimObject sr)
    {
        if (!Plugged(database, sr).Any()) throw new XapiFailure("SR_HAS_NO_PBDS", sr.Ref);
    }

    /// <summary>Work on a repository is done by a host that has it plugged: the coordinator, or else the first that answers.</summary>
    /// <exception cref="XapiFailure">SR_HAS_NO_PBDS [sr]; CANNOT_CONTACT_HOST or HOST_OFFLINE when none of them is heard.</exception>
    public static void Forward(Call call, SimObject sr)
    {
        CheckPlugged(call.Database, sr);
        var hosts = Plugged(call.Database, sr).ToList();
        if (hosts.Contains(call.Pool.Coordinator.Record)) return;
        call.Forward(hosts.Find(h => call.Pool.HostOf(h) is { Answers: true }) ?? hosts[0]);
    }

    /// <summary>The hosts that have it plugged.</summary>
    public static IEnumerable<SimObject> Plugged(Database database, SimObject sr) =>
        sr.Set("PBDs").Select(p => database.Find("PBD", p)).Where(p => p is not null && p.Flag("currently_attached")).Select(p => database.Find("host", p!.Text("host"))).OfType<SimObject>();

    /// <summary>The repository is thin: only what a call really writes must fit.</summary>
    /// <exception cref="XapiFailure">SR_HAS_NO_PBDS, or SR_BACKEND_FAILURE_44 without room.</exception>
    public static void CheckUsable(SimPool pool, SimObject sr, long bytes)
    {
        CheckPlugged(pool.Database, sr);
        if (pool.FullSrs.Contains(sr.Ref) || sr.Int("physical_utilisation") + bytes > sr.Int("physical_size"))
            throw new XapiFailure("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "");
    }

    /// <summary>Brings utilisation and allocation in line with the disks.</summary>
    public static void Measure(Database database, SimObject sr)
    {
        var (used, promised) = (0L, 0L);
        foreach (var reference in sr.Set("VDIs"))
        {
            if (database.Find("VDI", reference) is not { } vdi) continue;
            used += vdi.Int("physical_utilisation");
            promised += vdi.Int("virtual_size");
        }
        sr.Put("physical_utilisation", used);
        sr.Put("virtual_allocation", promised);
    }

    private static Step Unplug(Call call)
    {
        var pbd = call.Target("PBD");
        var sr = call.Database.Get("SR", pbd.Text("SR"));
        var active = sr.Set("VDIs").Select(v => call.Database.Find("VDI", v)).OfType<SimObject>()
            .Where(v => VdiGuard.Attached(call.Database, v).Any()).Select(v => v.Ref).ToArray();
        if (active.Length > 0) throw new XapiFailure("VDI_IN_USE", active);
        pbd.Put("currently_attached", false);
        return Step.Void;
    }
}
