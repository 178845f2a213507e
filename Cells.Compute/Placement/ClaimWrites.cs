using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Compute.Placement;

/// <summary>
/// Takes a claim: its rows, and as much more promised of each provider. Whole or not at all; summed per provider over the group, so that one
/// statement serves any number of placements.
/// </summary>
/// <remarks>Misses when a provider has not that much left: rebuild the index, decide again.</remarks>
internal sealed record TakeClaim(InstanceId Instance, long Epoch, IReadOnlyList<ClaimPart> Parts) : IWrite
{
    public WriteKind Kind => ClaimWrites.Take;
}

/// <summary>Gives back whatever the instance holds under this or an earlier epoch: what stands in its claim rows, so it can be given back only once.</summary>
internal sealed record ReleaseClaim(InstanceId Instance, long Epoch) : IWrite
{
    public WriteKind Kind => ClaimWrites.Release;
}

/// <summary>
/// Puts what an instance holds of one host on another's account: its VM runs there already, so nothing is asked and nothing can be refused. The host may
/// become overfull by it; then it takes nothing new.
/// </summary>
internal sealed record MoveClaim(InstanceId Instance, long Epoch, HostId From, HostId To) : IWrite
{
    public WriteKind Kind => ClaimWrites.Move;
}

internal static class ClaimWrites
{
    /// <summary>Before <see cref="Take"/>: a claim that moves to another host may need the room that it gives back on a shared SR.</summary>
    public static readonly WriteKind Release = new UnguardedKind<ReleaseClaim>(
        "release-claim", 240, """
            with gone as (
                delete from claim
                 using unnest(@instances, @epochs) as w (instance_id, epoch)
                 where claim.instance_id = w.instance_id
                   and claim.epoch <= w.epoch
                returning claim.provider_id, claim.resource, claim.amount
            ), freed as (
                select provider_id, resource, sum(amount)::bigint as amount
                  from gone
                 group by provider_id, resource
            )
            update provider
               set promised = provider.promised - freed.amount,
                   generation = provider.generation + 1
              from freed
             where provider.id = freed.provider_id
               and provider.resource = freed.resource
            """,
        Column.Uuid<ReleaseClaim>("instances", w => w.Instance.Value),
        Column.Bigint<ReleaseClaim>("epochs", w => w.Epoch));

    public static readonly WriteKind Move = new UnguardedKind<MoveClaim>(
        "move-claim", 245, """
            with w as (
                select instance_id, epoch, from_id, to_id
                  from unnest(@instances, @epochs, @from, @to) as w (instance_id, epoch, from_id, to_id)
            ), moved as (
                update claim
                   set provider_id = w.to_id
                  from w
                 where claim.instance_id = w.instance_id
                   and claim.epoch <= w.epoch
                   and claim.provider_id = w.from_id
                returning w.from_id, w.to_id, claim.resource, claim.amount
            ), delta as (
                select provider_id, resource, sum(amount)::bigint as amount
                  from (select from_id as provider_id, resource, -amount as amount from moved
                         union all
                        select to_id, resource, amount from moved) as both_ends
                 group by provider_id, resource
            )
            update provider
               set promised = provider.promised + delta.amount,
                   generation = provider.generation + 1
              from delta
             where provider.id = delta.provider_id
               and provider.resource = delta.resource
            """,
        Column.Uuid<MoveClaim>("instances", w => w.Instance.Value),
        Column.Bigint<MoveClaim>("epochs", w => w.Epoch),
        Column.Uuid<MoveClaim>("from", w => w.From.Value),
        Column.Uuid<MoveClaim>("to", w => w.To.Value));

    public static readonly WriteKind Take = new TakeKind();

    private sealed class TakeKind() : WriteKind("take-claim", 250)
    {
        private static readonly Column<Part>[] Columns =
        [
            Column.Integer<Part>("ordinals", p => p.Ordinal),
            Column.Uuid<Part>("instances", p => p.Claim.Instance.Value),
            Column.Bigint<Part>("epochs", p => p.Claim.Epoch),
            Column.Uuid<Part>("providers", p => p.Of.Provider.Value),
            Column.Smallint<Part>("resources", p => (short)p.Of.Resource),
            Column.Bigint<Part>("amounts", p => p.Of.Amount),
        ];

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            // Only raising 'promised' is guarded. A provider that would be overdrawn is left as it is, and every claim on it is named as
            // missed; the claim rows written meanwhile go with the group's rollback.
            const string sql = """
                with w as (
                    select ordinal, instance_id, epoch, provider_id, resource, amount
                      from unnest(@ordinals, @instances, @epochs, @providers, @resources, @amounts)
                        as w (ordinal, instance_id, epoch, provider_id, resource, amount)
                ), wanted as (
                    select provider_id, resource, sum(amount)::bigint as amount
                      from w
                     group by provider_id, resource
                ), raised as (
                    update provider
                       set promised = provider.promised + wanted.amount,
                           generation = provider.generation + 1
                      from wanted
                     where provider.id = wanted.provider_id
                       and provider.resource = wanted.resource
                       and provider.promised + wanted.amount + provider.outside <= provider.capacity * provider.ratio - provider.reserve
                    returning provider.id, provider.resource
                ), written as (
                    insert into claim (instance_id, epoch, provider_id, resource, amount)
                    select instance_id, epoch, provider_id, resource, amount
                      from w
                )
                select distinct w.ordinal
                  from w
                  left join raised on raised.id = w.provider_id and raised.resource = w.resource
                 where raised.id is null
                 order by w.ordinal
                """;
            Column.Fill(command, sql, Columns, [.. writes.SelectMany((w, i) => ((TakeClaim)w).Parts.Select(part => new Part(i, (TakeClaim)w, part)))]);
        }

        public override async Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop)
        {
            var missed = new List<int>();
            while (await answer.ReadAsync(stop))
                missed.Add(answer.GetInt32(0));
            return missed;
        }

        private readonly record struct Part(int Ordinal, TakeClaim Claim, ClaimPart Of);
    }
}
