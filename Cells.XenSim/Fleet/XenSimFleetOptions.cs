using System.Globalization;
using Cells.XenSim.Core;

namespace Cells.XenSim.Fleet;

/// <summary>Which hosts are simulated, and where they listen.</summary>
public sealed record XenSimFleetOptions
{
    /// <summary>Pools; host names are unique over all of them.</summary>
    public required IReadOnlyList<PoolShape> Pools { get; init; }
    public XenSimOptions Behaviour { get; init; } = new();
    public ulong Seed { get; init; } = 1;

    /// <summary>Where hosts, VMs and disks are journaled; a fleet started on the same directory goes on with them. Null: memory only.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The i-th host listens on FirstPort + i; 0 lets the system choose, and a data directory remembers the choice.</summary>
    public int FirstPort { get; init; }

    /// <summary>Port of the simulator's own door (/_sim/); 0 lets the system choose, null leaves it closed.</summary>
    public int? ControlPort { get; init; }

    /// <summary>Written once all hosts listen: a JSON list of name, url, uuid, and the control URL.</summary>
    public string? ReadyFile { get; init; }

    /// <summary>So many standalone hosts of one shape, named prefix-1, prefix-2, …</summary>
    public static XenSimFleetOptions Standalone(int hosts, string rootPassword, HostShape? shape = null, string prefix = "host")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hosts);
        var basis = shape ?? new HostShape { Name = prefix };
        return new XenSimFleetOptions
        {
            Pools = [.. Enumerable.Range(1, hosts).Select(i => PoolShape.Standalone(
                basis with { Name = $"{prefix}-{i.ToString(CultureInfo.InvariantCulture)}" }, rootPassword))],
        };
    }
}

/// <summary>A simulated host as its users find it.</summary>
public sealed record XenSimHostEndpoint(string Name, Uri Url, string Uuid, bool Powered, bool Answers);
