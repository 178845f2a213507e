using Cells.Contracts;

namespace Cells.Messaging.Nodes;

/// <summary>
/// What a node's lease is called. One renewal row per node: it says that the node lives, and its epoch is the node's life, so what a former life still
/// sends is told from what this one says.
/// </summary>
public static class NodeLease
{
    /// <summary>No cell's name has a ':', so no other lease begins so.</summary>
    public const string Prefix = "node:";

    public static string Of(NodeName node) => $"{Prefix}{node}";

    /// <returns>Null when the lease is no node's.</returns>
    public static NodeName? NodeOf(string lease) => lease.StartsWith(Prefix, StringComparison.Ordinal) ? NodeName.Parse(lease[Prefix.Length..]) : null;
}
