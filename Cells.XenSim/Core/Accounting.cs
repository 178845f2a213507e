using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Vms;

namespace Cells.XenSim.Core;

/// <summary>What one simulated host really holds. Checkers compare this with what the system under test believes.</summary>
/// <param name="MemoryUsedBytes">Hypervisor, control domain and all VMs that run or are being started, with their overheads.</param>
/// <param name="Domains">Domains that exist on the host now, the control domain left out.</param>
/// <param name="Vms">All VM records of the pool but templates and control domains, running or not (same list for each host of a pool).</param>
/// <param name="Disks">All VDIs on SRs plugged at this host, hidden base copies included.</param>
/// <param name="Sessions">References of the open sessions of the pool.</param>
/// <param name="Mutations">Calls that may change something, per session and method, since the simulator started.</param>
public sealed record HostAccount(
    string Name, string Uuid, bool Powered, bool Answers, int PhysicalCpus, long MemoryTotalBytes, long MemoryUsedBytes,
    IReadOnlyList<DomainAccount> Domains, IReadOnlyList<VmAccount> Vms, IReadOnlyList<DiskAccount> Disks, IReadOnlyList<StorageAccount> Storage,
    IReadOnlyList<string> Sessions, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Mutations);

/// <summary>A domain that runs or is paused.</summary>
public sealed record DomainAccount(string VmUuid, string Name, long Domid, string PowerState, long MemoryBytes, long OverheadBytes, long Vcpus, IReadOnlyDictionary<string, string> OtherConfig);

public sealed record VmAccount(string Uuid, string Name, string PowerState, bool IsSnapshot, IReadOnlyDictionary<string, string> OtherConfig)
{
    /// <summary>MACs of its virtual interfaces, in the order of their devices.</summary>
    public IReadOnlyList<string> Macs { get; init; } = [];
}

/// <summary>A virtual disk. Digest and length are those of the image imported into it or into the disk it was cloned from.</summary>
public sealed record DiskAccount(string Uuid, string SrUuid, string Name, string Type, long VirtualSizeBytes, long PhysicalBytes, bool Managed, bool IsSnapshot,
    IReadOnlyList<string> VmUuids, string ContentSha256, long ContentLength, IReadOnlyDictionary<string, string> OtherConfig);

public sealed record StorageAccount(string Uuid, string Name, long SizeBytes, long UsedBytes, long PromisedBytes);

internal static class Accounting
{
    public static HostAccount[] Of(SimPool pool) => [.. pool.Hosts.Select(h => Of(pool, h))];

    private static HostAccount Of(SimPool pool, SimHost host)
    {
        var database = pool.Database;
        var vms = database.All("VM").Where(v => !v.Flag("is_control_domain") && (!v.Flag("is_a_template") || v.Flag("is_a_snapshot"))).ToList();
        var srs = database.All("SR").Where(s => Storage.SrMethods.IsPlugged(database, s.Ref, host.Record.Ref)).ToList();
        return new HostAccount(host.Name, host.Record.Uuid, host.Powered, host.Answers, host.Shape.PhysicalCpus, host.Shape.MemoryBytes,
            host.Powered ? VmMemory.UsedBytes(database, host.Record) : 0,
            [.. vms.Where(v => host.Powered && v.Text("resident_on") == host.Record.Ref).Select(v => new DomainAccount(v.Uuid, v.Text("name_label"), v.Int("domid"), v.Text("power_state"),
                v.Int("memory_dynamic_max"), v.Int("memory_overhead"), v.Int("VCPUs_at_startup"), Plain(v)))],
            [.. vms.Select(v => new VmAccount(v.Uuid, v.Text("name_label"), Truly(pool, v), v.Flag("is_a_snapshot"), Plain(v)) { Macs = Macs(database, v) })],
            [.. srs.SelectMany(sr => sr.Set("VDIs").Select(r => database.Get("VDI", r)).Select(d => Disk(database, sr, d)))],
            [.. srs.Select(s => new StorageAccount(s.Uuid, s.Text("name_label"), s.Int("physical_size"), s.Int("physical_utilisation"), s.Int("virtual_allocation")))],
            [.. database.All("session").Select(s => s.Ref)],
            pool.Sessions.Mutations.ToDictionary(m => m.Key, m => (IReadOnlyDictionary<string, long>)m.Value));
    }

    // The record of a VM whose host lost its power says Running until the host boots or is declared dead.
    private static string Truly(SimPool pool, SimObject vm) =>
        pool.Hosts.Any(h => !h.Powered && h.Record.Ref == vm.Text("resident_on")) ? "Halted" : vm.Text("power_state");

    private static string[] Macs(Database database, SimObject vm) =>
        [.. vm.Set("VIFs").Select(reference => database.Find("VIF", reference)).OfType<SimObject>().OrderBy(vif => vif.Text("device"), StringComparer.Ordinal).Select(vif => vif.Text("MAC"))];

    private static DiskAccount Disk(Database database, SimObject sr, SimObject disk)
    {
        var content = disk.Disk ?? DiskContent.Blank;
        var users = disk.Set("VBDs").Select(v => database.Find("VBD", v)).OfType<SimObject>()
            .Select(v => database.Find("VM", v.Text("VM"))?.Uuid).OfType<string>().Distinct();
        return new DiskAccount(disk.Uuid, sr.Uuid, disk.Text("name_label"), disk.Text("type"), disk.Int("virtual_size"), disk.Int("physical_utilisation"),
            disk.Flag("managed"), disk.Flag("is_a_snapshot"), [.. users], content.Sha256, content.ContentLength, Plain(disk));
    }

    private static Dictionary<string, string> Plain(SimObject record) => record.Map("other_config").ToDictionary(p => p.Key, p => p.Value);
}
