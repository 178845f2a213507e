using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Compute.Nodes;

/// <summary>Gives a pool to a node. Misses when the plan has moved since it was read, or another process leads by now.</summary>
/// <param name="SeenGeneration">0: the pool had no row.</param>
/// <param name="Lease">By which the giver leads, under <paramref name="Epoch"/>.</param>
internal sealed record GivePool(string Pool, NodeName Node, long SeenGeneration, string Lease, long Epoch) : IWrite
{
    public WriteKind Kind => NodeWrites.Give;
}

internal static class NodeWrites
{
    // Before the kinds that join with the assignment: a taker's statement asks this table.
    public static readonly WriteKind Give = new OrdinalKind<GivePool>(
        "give-pool", 49, w => w.Pool, changeNumbersEach: 0, _ => """
            with w as (
                select pool_name, node, seen_generation, lease, epoch, ordinal
                  from unnest(@pools, @nodes, @seen_generations, @leases, @epochs) with ordinality
                    as w (pool_name, node, seen_generation, lease, epoch, ordinal)
            ), leads as (
                select lease.name, lease.epoch
                  from lease
                 where lease.name = any (@leases)
                 order by lease.name
                   for share
            ), written as (
                insert into pool_node (pool_name, node, generation)
                select w.pool_name, w.node, w.seen_generation + 1
                  from w
                  join leads on leads.name = w.lease and leads.epoch = w.epoch
                 order by w.pool_name
                    on conflict (pool_name) do update
                   set node = excluded.node,
                       generation = excluded.generation
                 where pool_node.generation = excluded.generation - 1
                returning pool_name
            )
            select (w.ordinal - 1)::int
              from w
              join written on written.pool_name = w.pool_name
            """,
        Column.Text<GivePool>("pools", w => w.Pool),
        Column.Text<GivePool>("nodes", w => w.Node.Value),
        Column.Bigint<GivePool>("seen_generations", w => w.SeenGeneration),
        Column.Text<GivePool>("leases", w => w.Lease),
        Column.Bigint<GivePool>("epochs", w => w.Epoch));
}
