namespace Cells.Chaos.Invariants;

/// <summary>I2 at rest: no two VMs, running or not, bear the stamp of one instance. See <see cref="OneLife"/> for every state before.</summary>
internal sealed class OneVmEach : Invariant
{
    public override string Name => "I2";

    protected override IEnumerable<string> Stories(Picture picture) => picture.Vms
        .Select(found => (Host: found.Names, found.Vm, Instance: found.Vm.OtherConfig.GetValueOrDefault(Picture.InstanceKey)))
        .Where(found => found.Instance is not null)
        .GroupBy(found => found.Instance, StringComparer.Ordinal)
        .Where(found => found.Count() > 1)
        .Select(found => $"Instance {found.Key} has {found.Count()} VMs: {string.Join("; ", found.Select(f => $"{f.Vm.Uuid} on {f.Host}, {f.Vm.PowerState}"))}.");
}
