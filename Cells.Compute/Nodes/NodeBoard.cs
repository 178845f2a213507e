using Cells.Contracts;
using Cells.Messaging.Nodes;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.Leases;
using Dapper;

namespace Cells.Compute.Nodes;

/// <summary>What the database says of a cell's nodes at one moment.</summary>
/// <param name="Leader">Who holds the right to run the cell; null while nobody does, or its node has no lease.</param>
/// <param name="Nodes">Their leases, by name; of nodes that ended too.</param>
/// <param name="Plan">To whom each pool is given, by the pool's name.</param>
internal sealed record NodeBoard(Leader? Leader, IReadOnlyDictionary<NodeName, LeaseRow> Nodes, IReadOnlyDictionary<string, Given> Plan)
{
    public static Task<NodeBoard> ReadAsync(ICellDatabase database, CellName cell, CancellationToken stop) => database.ReadAsync(
        "the cell's nodes",
        async (connection, inner) =>
        {
            var process = OneProcess.LeaseOf(cell);
            var leases = (await connection.QueryAsync<LeaseText>(new CommandDefinition(
                """
                select name, holder, directory, epoch, counter
                  from lease
                 where name = @process
                    or starts_with(name, @nodes)
                 order by name
                """,
                new { process, nodes = NodeLease.Prefix },
                cancellationToken: inner))).ToList();
            var plan = await connection.QueryAsync<PlanText>(new CommandDefinition(
                """
                select pool_name as pool, node, generation
                  from pool_node
                 order by pool_name
                """,
                cancellationToken: inner));
            return Of(
                leases.Find(l => l.Name == process)?.Row,
                leases.Where(l => l.Name != process).ToDictionary(l => NodeLease.NodeOf(l.Name)!.Value, l => l.Row),
                plan.ToDictionary(p => p.Pool, p => new Given(NodeName.Parse(p.Node), p.Generation)));
        },
        stop);

    /// <summary>Both leases of one process name one holder: so the leader's node is found.</summary>
    internal static NodeBoard Of(LeaseRow? process, IReadOnlyDictionary<NodeName, LeaseRow> nodes, IReadOnlyDictionary<string, Given> plan)
    {
        var leader = process?.Holder is { } holder
            ? nodes.Where(n => n.Value.Holder == holder).Select(n => new Leader(n.Key, process.Epoch)).FirstOrDefault()
            : null;
        return new NodeBoard(leader, nodes, plan);
    }

    private sealed record LeaseText(string Name, Guid? Holder, Guid? Directory, long Epoch, long Counter)
    {
        public LeaseRow Row => new(Holder, Directory, Epoch, Counter);
    }

    private sealed record PlanText(string Pool, string Node, long Generation);
}

/// <param name="Epoch">Of the lease of the cell's process: higher for each leader after another.</param>
internal sealed record Leader(NodeName Node, long Epoch);

/// <summary>A pool's row in the plan.</summary>
internal sealed record Given(NodeName Node, long Generation);

/// <summary>How a node seems to one that watches its lease.</summary>
/// <param name="Epoch">Of its lease.</param>
/// <param name="IsDead">It gave its lease back, or its counter stood still for the term. It may not act any more.</param>
/// <param name="Moves">Its counter was seen to move, so it may be given something.</param>
internal sealed record NodeSeen(NodeName Node, long Epoch, bool IsDead, bool Moves);
