using Cells.Contracts;

namespace Cells.Chaos.Invariants;

/// <summary>I6, and the orphans of I5: what is deleted or refused left no VM, disk or claim behind, and everything with our stamp has its owner.</summary>
internal sealed class NothingLeft : Invariant
{
    public override string Name => "I6";

    protected override IEnumerable<string> Stories(Picture picture)
    {
        var alive = picture.Instances.Where(row => !row.Released && row.VmState != VmState.Deleted)
            .GroupBy(row => row.Id).ToDictionary(rows => rows.Key, rows => rows.First());
        var terminated = picture.Intents.Where(intent => intent.Terminated).Select(intent => intent.Id).ToHashSet();
        foreach (var row in alive.Values.Where(row => terminated.Contains(row.Id)))
            yield return $"A server that is gone lives on: {row}.";
        foreach (var claim in picture.Claims)
            if (!alive.TryGetValue(claim.Instance, out var row) || row.Cell != claim.Cell || row.Epoch != claim.Epoch)
                yield return $"{claim.Cell}: provider {claim.Provider} keeps {claim.Amount} of resource {claim.Resource} for instance {claim.Instance} epoch {claim.Epoch}, which is not there.";
        foreach (var (vm, _, names) in picture.Vms)
            if (Owner(vm.OtherConfig) is { } id && (!alive.TryGetValue(id, out var row) || row.Vm?.ToString("D") != vm.Uuid))
                yield return $"Host {names} has a VM {vm.Uuid} ({vm.PowerState}) of instance {id}, {(row is null ? "which is not there" : $"which has another: {row}")}.";
        foreach (var (disk, host) in picture.Disks.Where(found => found.Disk.Managed))
            if (Owner(disk.OtherConfig) is { } id && (!alive.TryGetValue(id, out var row) || !row.Vdis.Contains(Guid.Parse(disk.Uuid))))
                yield return $"Host {host} has a disk {disk.Uuid} of instance {id}, {(row is null ? "which is not there" : $"which has another: {row}")}.";
        foreach (var row in alive.Values.Where(row => row is { Root: not null, Vm: not null, VmState: not VmState.Building, TaskState: TaskState.None }))
            if (picture.Disks.FirstOrDefault(found => found.Disk.Uuid == row.Root!.Value.ToString("D")) is { Disk: { } root } && !root.VmUuids.Contains(row.Vm!.Value.ToString("D")))
                yield return $"The VM of an instance does not have the disk {root.Uuid} that its row calls its own: {row}.";
        var there = picture.Disks.Select(found => found.Disk.Uuid).ToHashSet(StringComparer.Ordinal);
        foreach (var row in alive.Values.Where(row => row.TaskState == TaskState.None))
            foreach (var missing in row.Vdis.Where(disk => !there.Contains(disk.ToString("D"))))
                yield return $"A row names disk {missing}, which is not there: {row}.";
        // An unfinished clone is no orphan of an instance yet, but nobody would ever use it: our image disks are one per SR.
        foreach (var many in picture.Disks.Where(found => found.Disk.Managed && found.Disk.Name.StartsWith("image-", StringComparison.Ordinal)).GroupBy(found => (found.Disk.SrUuid, found.Disk.Name)).Where(g => g.Count() > 1))
            yield return $"SR {many.Key.SrUuid} has {many.Count()} disks for {many.Key.Name}.";
    }

    private static Guid? Owner(IReadOnlyDictionary<string, string> marks) =>
        marks.TryGetValue(Picture.InstanceKey, out var text) && Guid.TryParse(text, out var id) ? id : null;
}
