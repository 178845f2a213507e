using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Compute.Fencing;

/// <summary>
/// Somebody has made sure that a host runs nothing any more. It counts until the host is heard again: what is heard may run something. Silence is never a
/// proof (docs/adr/0021).
/// </summary>
internal sealed record FenceProof(Guid Id, HostId Host, string How, string Who, string Why, DateTimeOffset At)
{
    public const string Operator = "operator";

    public static FenceProof Of(HostId host, FenceWord word) => new(word.Id, host, Operator, word.Who, word.Why, word.At);
}

/// <summary>Keeps a proof. One that is kept already, ended or not, stays as it is: the same word comes again with each later one of its host.</summary>
internal sealed record PutFenceProof(FenceProof Proof) : IWrite
{
    /// <summary>It never counted, and never will: said of a host that was heard. Null: it counts.</summary>
    public DateTimeOffset? RefusedAt { get; init; }

    private static readonly WriteKind TheKind = new UnguardedKind<PutFenceProof>(
        "put-fence-proof", 127, """
            insert into fence_proof (id, host_id, how, who, why, proven_at, ended_at, end_why)
            select w.id, w.host_id, w.how, w.who, w.why, w.proven_at, w.refused_at, case when w.refused_at is not null then 'the host was heard when it was said' end
              from unnest(@ids, @hosts, @hows, @whos, @whys, @times, @refused) as w (id, host_id, how, who, why, proven_at, refused_at)
                on conflict do nothing
            """,
        Column.Uuid<PutFenceProof>("ids", w => w.Proof.Id),
        Column.Uuid<PutFenceProof>("hosts", w => w.Proof.Host.Value),
        Column.Text<PutFenceProof>("hows", w => w.Proof.How),
        Column.Text<PutFenceProof>("whos", w => w.Proof.Who),
        Column.Text<PutFenceProof>("whys", w => w.Proof.Why),
        Column.Time<PutFenceProof>("times", w => w.Proof.At),
        Column.Time<PutFenceProof>("refused", w => w.RefusedAt));

    public WriteKind Kind => TheKind;
}

/// <summary>A proof does not count any more. The row stays, for people.</summary>
internal sealed record EndFenceProof(FenceProof Proof, DateTimeOffset At, string Why) : IWrite
{
    private static readonly WriteKind TheKind = new UnguardedKind<EndFenceProof>(
        "end-fence-proof", 126, """
            update fence_proof
               set ended_at = w.at,
                   end_why  = w.why
              from unnest(@ids, @times, @whys) as w (id, at, why)
             where fence_proof.id = w.id
               and fence_proof.ended_at is null
            """,
        Column.Uuid<EndFenceProof>("ids", w => w.Proof.Id),
        Column.Time<EndFenceProof>("times", w => w.At),
        Column.Text<EndFenceProof>("whys", w => w.Why));

    public WriteKind Kind => TheKind;
}

internal static class ReadFenceProofs
{
    /// <summary>Those that count, in order of host.</summary>
    public static Task<IReadOnlyList<FenceProof>> CurrentAsync(ICellDatabase database, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<FenceProof>>(
            "fence proofs",
            async (connection, inner) =>
            {
                await using var command = new NpgsqlCommand("""
                    select id, host_id, how, who, why, proven_at
                      from fence_proof
                     where ended_at is null
                     order by host_id, id
                    """, connection);
                await using var r = await command.ExecuteReaderAsync(inner);
                var rows = new List<FenceProof>();
                while (await r.ReadAsync(inner))
                    rows.Add(new FenceProof(r.GetGuid(0), new HostId(r.GetGuid(1)), r.GetString(2), r.GetString(3), r.GetString(4), r.GetFieldValue<DateTimeOffset>(5)));
                return rows;
            },
            stop);
}
