using Cells.Contracts;

namespace Cells.Chaos.Invariants;

/// <summary>I6, of addresses: every server that is not gone has one, nobody else has any, and its VM has the MAC that goes with it.</summary>
internal sealed class AddressesAreLive : Invariant
{
    public override string Name => "I6";

    protected override IEnumerable<string> Stories(Picture picture)
    {
        var live = picture.Intents.Where(intent => !intent.Terminated).Select(intent => intent.Id).ToHashSet();
        var ports = picture.Ports.ToLookup(port => port.Instance);
        foreach (var port in picture.Ports.Where(port => port.Instance is not { } id || !live.Contains(id)))
            yield return $"Address {port.Address} is kept for instance {port.Instance}, which is not there.";
        foreach (var id in live.Where(id => ports[id].Count() != 1).Order())
            yield return $"Instance {id} has {ports[id].Count()} addresses.";

        var vms = picture.Vms.ToDictionary(found => found.Vm.Uuid, found => found.Vm, StringComparer.Ordinal);
        foreach (var row in picture.Instances.Where(row => !row.Released && row.VmState is VmState.Active or VmState.Stopped))
            if (row.Vm is { } uuid && vms.TryGetValue(uuid.ToString("D"), out var vm) && !vm.Macs.SequenceEqual(ports[row.Id].Select(port => port.Mac)))
                yield return $"VM {uuid} of instance {row.Id} has the MACs {string.Join(", ", vm.Macs)}; its port has {string.Join(", ", ports[row.Id].Select(port => port.Mac))}.";
    }
}
