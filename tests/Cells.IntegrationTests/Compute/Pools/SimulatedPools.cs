using Cells.XenSim.Core;
using Cells.XenSim.Fleet;

namespace Cells.IntegrationTests.Compute.Pools;

/// <summary>Shapes of pools with several members: host-1 coordinates, all share a repository, and each has one of its own.</summary>
internal static class SimulatedPools
{
    private static int s_last;

    public static PoolShape Of(int members, int spares, string password, HostShape? shape = null, long sharedBytes = 4L << 40)
    {
        var network = Interlocked.Increment(ref s_last);
        return new PoolShape
        {
            Name = "pool",
            RootPassword = password,
            SharedStorageBytes = sharedBytes,
            Hosts = [.. Enumerable.Range(0, members + spares).Select(i => (shape ?? new HostShape { Name = "" }) with
            {
                Name = $"host-{i + 1}", Address = XenSimFleetOptions.AddressOf(network, i), Spare = i >= members,
            })],
        };
    }
}
