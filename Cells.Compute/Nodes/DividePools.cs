using System.Security.Cryptography;
using System.Text;
using System.Buffers.Binary;
using Cells.Contracts;

namespace Cells.Compute.Nodes;

/// <summary>
/// Which pools to give to which nodes next. What a dead node had goes at once, each pool to the node that has least; between living nodes one pool moves
/// at a time, and only while one node has two more than another: a move costs the pool a login and a full read.
/// </summary>
internal static class DividePools
{
    /// <param name="pools">As configured.</param>
    /// <param name="plan">To whom each is given.</param>
    /// <param name="dead">Nodes that may not act any more; one that nobody knows is dead too.</param>
    /// <param name="ready">Nodes that may be given something.</param>
    /// <param name="mayMove">Every pool has come to where it was given, so one more may move.</param>
    public static IReadOnlyList<(string Pool, NodeName Node)> Next(
        IReadOnlyList<string> pools, IReadOnlyDictionary<string, NodeName> plan, Func<NodeName, bool> dead, IReadOnlyList<NodeName> ready, bool mayMove)
    {
        if (ready.Count == 0)
            return [];
        var has = ready.ToDictionary(node => node, node => pools.Count(p => plan.TryGetValue(p, out var at) && at == node));
        var given = new List<(string, NodeName)>();
        foreach (var pool in pools.Where(p => !plan.TryGetValue(p, out var at) || dead(at)).Order(StringComparer.Ordinal))
        {
            var least = has.Values.Min();
            var node = ready.Where(n => has[n] == least).MaxBy(n => Score(n, pool));
            has[node]++;
            given.Add((pool, node));
        }
        if (given.Count > 0 || !mayMove)
            return given;
        var (most, fewest) = (ready.Order().MaxBy(n => has[n]), ready.Order().MinBy(n => has[n]));
        return has[most] - has[fewest] < 2
            ? []
            : [(pools.Where(p => plan.TryGetValue(p, out var at) && at == most).OrderByDescending(p => Score(fewest, p)).First(), fewest)];
    }

    /// <summary>Rendezvous hashing: the same pool inclines to the same node, whoever asks and when.</summary>
    private static ulong Score(NodeName node, string pool) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{node} {pool}")));
}
