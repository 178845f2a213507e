using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Compute.Placement;

/// <summary>
/// Takes a claim: its rows, and as much more promised of each provider. Whole or not at all; summed per provider over the group, so that one
/// statement serves any number of placements.
/// </summary>
/// <remarks>Misses when a provider has not that much left: rebuild the index, decide again.</remarks>
/// <param name="Role">Which of its places it is for.</param>
internal sealed record TakeClaim(InstanceId Instance, long Epoch, IReadOnlyList<ClaimPart> Parts, ClaimRole Role = ClaimRole.Current) : IWrite
{
    public WriteKind Kind => ClaimWrites.Take;
}

/// <summary>Gives back whatever the instance holds under this or an earlier epoch: what stands in its claim rows, so it can be given back only once.</summary>
internal sealed record ReleaseClaim(InstanceId Instance, long Epoch) : IWrite
{
    public WriteKind Kind => ClaimWrites.Release;
}

/// <summary>
/// Writes what an instance holds already, in another shape: beside the <see cref="ReleaseClaim"/> of the same change. Nothing is asked and nothing can be
/// refused. Where the pool has moved a VM by itself a host may become overfull by it; then it takes nothing new.
/// </summary>
internal sealed record KeepClaim(InstanceId Instance, long Epoch, IReadOnlyList<HeldPart> Parts) : IWrite
{
    public WriteKind Kind => ClaimWrites.Keep;
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

    public static readonly WriteKind Keep = new KeepKind();

    public static readonly WriteKind Take = new TakeKind();

    private static readonly Column<Part>[] Columns =
    [
        Column.Integer<Part>("ordinals", p => p.Ordinal),
        Column.Uuid<Part>("instances", p => p.Instance.Value),
        Column.Bigint<Part>("epochs", p => p.Epoch),
        Column.Uuid<Part>("providers", p => p.Of.Part.Provider.Value),
        Column.Smallint<Part>("resources", p => (short)p.Of.Part.Resource),
        Column.Bigint<Part>("amounts", p => p.Of.Part.Amount),
        Column.Smallint<Part>("roles", p => (short)p.Of.Role),
    ];

    /// <summary>What both statements begin with: the parts, and their sums.</summary>
    private const string Wanted = """
        with w as (
            select ordinal, instance_id, epoch, provider_id, resource, amount, role
              from unnest(@ordinals, @instances, @epochs, @providers, @resources, @amounts, @roles)
                as w (ordinal, instance_id, epoch, provider_id, resource, amount, role)
        ), wanted as (
            select provider_id, resource, sum(amount)::bigint as amount
              from w
             group by provider_id, resource
        ), written as (
            insert into claim (instance_id, epoch, provider_id, resource, amount, role)
            select instance_id, epoch, provider_id, resource, amount, role
              from w
        )
        """;

    private sealed class KeepKind() : WriteKind("keep-claim", 245)
    {
        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) => Column.Fill(
            command,
            $"""
            {Wanted}
            update provider
               set promised = provider.promised + wanted.amount,
                   generation = provider.generation + 1
              from wanted
             where provider.id = wanted.provider_id
               and provider.resource = wanted.resource
            """,
            Columns,
            [.. writes.Cast<KeepClaim>().SelectMany((w, i) => w.Parts.Select(part => new Part(i, w.Instance, w.Epoch, part)))]);
    }

    private sealed class TakeKind() : WriteKind("take-claim", 250)
    {
        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            // Only raising 'promised' is guarded. A provider that would be overdrawn is left as it is, and every claim on it is named as
            // missed; the claim rows written meanwhile go with the group's rollback.
            const string sql = $"""
                {Wanted}, raised as (
                    update provider
                       set promised = provider.promised + wanted.amount,
                           generation = provider.generation + 1
                      from wanted
                     where provider.id = wanted.provider_id
                       and provider.resource = wanted.resource
                       and provider.promised + wanted.amount + provider.outside <= provider.capacity * provider.ratio - provider.reserve
                    returning provider.id, provider.resource
                )
                select distinct w.ordinal
                  from w
                  left join raised on raised.id = w.provider_id and raised.resource = w.resource
                 where raised.id is null
                 order by w.ordinal
                """;
            Column.Fill(command, sql, Columns,
                [.. writes.Cast<TakeClaim>().SelectMany((w, i) => w.Parts.Select(part => new Part(i, w.Instance, w.Epoch, new HeldPart(w.Role, part))))]);
        }

        public override async Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop)
        {
            var missed = new List<int>();
            while (await answer.ReadAsync(stop))
                missed.Add(answer.GetInt32(0));
            return missed;
        }
    }

    private readonly record struct Part(int Ordinal, InstanceId Instance, long Epoch, HeldPart Of);
}
