using Cells.Chaos.Stepping;
using Cells.XenSim.Core;

namespace Cells.Chaos.Invariants;

/// <summary>
/// In every state: I2, an instance has at most one domain that runs or is paused, over all hosts of all cells; and I6, once a client was told that a
/// server is gone, no host has anything of it, and never will.
/// </summary>
internal sealed class OneLife
{
    private readonly SortedDictionary<string, SortedSet<string>> _lives = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<string>> _onHost = new(StringComparer.Ordinal);

    /// <summary>The first violation; null while there is none.</summary>
    public Violation? Found { get; private set; }

    /// <summary>Something may have changed on these hosts, at one moment: a VM that moved between them is on one of them.</summary>
    /// <param name="isGone">Whether a client has seen the end of the instance.</param>
    public void Look(IReadOnlyList<SteppedHost> pool, Func<string, bool> isGone)
    {
        foreach (var host in pool)
            if (_onHost.Remove(host.Name, out var before))
                foreach (var life in before)
                    _lives[life.Split(' ')[0]].Remove(life);
        foreach (var account in pool[0].Core.Account())
            Look(account, isGone);
    }

    private void Look(HostAccount host, Func<string, bool> isGone)
    {
        var now = new List<string>();
        foreach (var domain in host.Domains)
        {
            if (!domain.OtherConfig.TryGetValue(Picture.InstanceKey, out var instance))
                continue;
            var life = $"{instance} as VM {domain.VmUuid} on {host.Name}, {domain.PowerState}";
            now.Add(life);
            if (!_lives.TryGetValue(instance, out var lives))
                _lives.Add(instance, lives = new SortedSet<string>(StringComparer.Ordinal));
            lives.Add(life);
            if (lives.Count > 1)
                Found ??= new Violation("I2", $"An instance lives twice: {string.Join("; ", lives)}.");
        }
        _onHost[host.Name] = now;
        LookForGhosts(host, isGone);
    }

    /// <summary>Everything of every host, because a client was just told that a server is gone.</summary>
    public void LookForGhosts(IEnumerable<SteppedHost> hosts, Func<string, bool> isGone)
    {
        foreach (var account in hosts.Select(h => h.Core).Distinct().SelectMany(core => core.Account()))
            LookForGhosts(account, isGone);
    }

    private void LookForGhosts(HostAccount account, Func<string, bool> isGone)
    {
        foreach (var (kind, uuid, marks) in account.Vms.Select(vm => ("VM", vm.Uuid, vm.OtherConfig)).Concat(account.Disks.Where(disk => disk.Managed).Select(disk => ("disk", disk.Uuid, disk.OtherConfig))))
            if (marks.TryGetValue(Picture.InstanceKey, out var instance) && isGone(instance))
                Found ??= new Violation("I6", $"Instance {instance} is gone, its client was told, and {account.Name} has a {kind} {uuid} of it.");
    }
}
