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

    /// <summary>
    /// The i-th host listens on FirstPort + i; 0 lets the system choose, and a data directory remembers the choice. Members of one pool share the port
    /// of its first host, each at its own address: a client that is sent to the coordinator keeps the port (XenAPI: HOST_IS_SLAVE).
    /// </summary>
    public int FirstPort { get; init; }

    /// <summary>Port of the simulator's own door (/_sim/); 0 lets the system choose, null leaves it closed.</summary>
    public int? ControlPort { get; init; }

    /// <summary>Written once all hosts listen: a JSON list of name, url, uuid, and the control URL.</summary>
    public string? ReadyFile { get; init; }

    /// <summary>The address of a member of the n-th pool (both from 0): every pool has a loopback network of its own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More pools than 16,384 or more members than 254.</exception>
    public static string AddressOf(int pool, int member)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pool, 16_383);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(member, 253);
        return string.Create(CultureInfo.InvariantCulture, $"127.{64 + (pool >> 8)}.{pool & 255}.{member + 1}");
    }

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
/// <param name="Pool">Name of the first host of its pool, also when that is not the coordinator (any more).</param>
/// <param name="Uuid">Empty for a machine that is no member of its pool.</param>
public sealed record XenSimHostEndpoint(string Name, Uri Url, string Uuid, bool Powered, bool Answers, string Pool, bool IsCoordinator);
