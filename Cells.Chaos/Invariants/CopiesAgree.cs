using Cells.Contracts;

namespace Cells.Chaos.Invariants;

/// <summary>I5: the copies at the top and on the way are the compute cells' rows, and those are what the hosts show. No work is left undone.</summary>
internal sealed class CopiesAgree : Invariant
{
    public override string Name => "I5";

    protected override IEnumerable<string> Stories(Picture picture) =>
        [.. picture.UndoneWork.Select(work => $"A message {work}."), .. Copies(picture), .. Hosts(picture)];

    private static IEnumerable<string> Copies(Picture picture)
    {
        var held = new SortedDictionary<Guid, InstanceTruth>();
        foreach (var row in picture.Instances.Where(row => !row.Released))
            if (!held.TryAdd(row.Id, row))
                yield return $"Two cells hold instance {row.Id}: {held[row.Id]}; {row}.";
        foreach (var (cell, copies) in picture.Observed)
        {
            foreach (var row in held.Values.Where(row => picture.IsAbove(cell, row.Cell)))
            {
                if (!copies.TryGetValue(row.Id, out var copy))
                    yield return $"{cell} has no copy of {row}.";
                else if (copy.Epoch != row.Epoch || copy.Generation != row.Generation || copy.Deleted
                    || copy.Body.VmState != row.VmState || copy.Body.TaskState != row.TaskState || copy.Body.PowerState != row.PowerState || copy.Body.Host?.Value != row.Host)
                    yield return $"{cell} shows epoch {copy.Epoch} generation {copy.Generation} {copy.Body.VmState}/{copy.Body.TaskState}/{copy.Body.PowerState}{(copy.Deleted ? " deleted" : "")}; the truth is {row}.";
            }
            foreach (var copy in copies.Values.Where(copy => !copy.Deleted && !copy.Body.Released && !held.ContainsKey(copy.Instance)))
                yield return $"{cell} shows instance {copy.Instance} as {copy.Body.VmState} in {copy.Body.Cell}, which does not hold it.";
        }
    }

    private static IEnumerable<string> Hosts(Picture picture)
    {
        var vms = picture.Vms.ToDictionary(found => found.Vm.Uuid, StringComparer.Ordinal);
        foreach (var row in picture.Instances.Where(row => !row.Released && row.VmState is VmState.Active or VmState.Stopped or VmState.Paused or VmState.Suspended or VmState.Rescued))
        {
            if (row.Vm is not { } uuid || !vms.TryGetValue(uuid.ToString("D"), out var found))
                yield return $"No host has the VM {row.Vm} of {row}.";
            else if (!found.Hosts.Contains(row.Host?.ToString("D")))
                yield return $"VM {uuid} is on {found.Names}, not where it should be: {row}.";
            else if (found.Vm.PowerState != WordOf(row.PowerState) || (row.VmState != VmState.Rescued && row.VmState != StateOf(row.PowerState)))
                yield return $"VM {uuid} on {found.Names} is {found.Vm.PowerState}: {row}.";
        }
    }

    private static string WordOf(PowerState power) => power == PowerState.Shutdown ? "Halted" : power.ToString();

    private static VmState StateOf(PowerState power) => power switch
    {
        PowerState.Running => VmState.Active,
        PowerState.Shutdown => VmState.Stopped,
        PowerState.Paused => VmState.Paused,
        PowerState.Suspended => VmState.Suspended,
        _ => VmState.Error,
    };
}
