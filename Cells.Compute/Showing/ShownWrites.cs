using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Compute.Showing;

/// <summary>Writes the next generation of a row of the fleet. Misses when it is not the next one: somebody else wrote it.</summary>
internal sealed record PutShown(ShownRow Row) : IWrite
{
    private static readonly WriteKind TheKind = new OrdinalKind<PutShown>(
        "put-shown", 135, w => (w.Row.Kind, w.Row.Key), changeNumbersEach: 1, first => $"""
            with w as (
                select kind, key, body, gone, generation, updated_at, ordinal
                  from unnest(@kinds, @keys, @bodies, @gone, @generations, @updated) with ordinality as w (kind, key, body, gone, generation, updated_at, ordinal)
            ), written as (
                insert into shown_row (kind, key, body, gone, generation, change_number, updated_at)
                select w.kind, w.key, w.body::json, w.gone, w.generation, {first} + w.ordinal - 1, w.updated_at
                  from w
                 order by w.ordinal
                    on conflict (kind, key) do update
                   set body          = excluded.body,
                       gone          = excluded.gone,
                       generation    = excluded.generation,
                       change_number = excluded.change_number,
                       updated_at    = excluded.updated_at
                 where shown_row.generation = excluded.generation - 1
                returning shown_row.kind, shown_row.key
            )
            select w.ordinal::int - 1
              from w
              join written on written.kind = w.kind and written.key = w.key
            """,
        Column.Text<PutShown>("kinds", w => w.Row.Kind),
        Column.Text<PutShown>("keys", w => w.Row.Key),
        Column.Text<PutShown>("bodies", w => w.Row.Body),
        Column.Boolean<PutShown>("gone", w => w.Row.Gone),
        Column.Bigint<PutShown>("generations", w => w.Row.Generation),
        Column.Time<PutShown>("updated", w => w.Row.UpdatedAt));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes a tombstone that every parent has acknowledged; a row that is not that tombstone any more stays.</summary>
internal sealed record PurgeShown(ShownRow Row) : IWrite
{
    private static readonly WriteKind TheKind = new UnguardedKind<PurgeShown>(
        "purge-shown", 136, """
            delete from shown_row
             using unnest(@kinds, @keys, @generations) as w (kind, key, generation)
             where shown_row.kind = w.kind
               and shown_row.key = w.key
               and shown_row.generation = w.generation
               and shown_row.gone
            """,
        Column.Text<PurgeShown>("kinds", w => w.Row.Kind),
        Column.Text<PurgeShown>("keys", w => w.Row.Key),
        Column.Bigint<PurgeShown>("generations", w => w.Row.Generation));

    public WriteKind Kind => TheKind;
}

internal static class ReadShown
{
    /// <summary>Every row, tombstones included.</summary>
    public static Task<IReadOnlyList<ShownRow>> AllAsync(ICellDatabase database, CancellationToken stop) => database.ReadAsync<IReadOnlyList<ShownRow>>(
        "what the cell shows of its fleet",
        async (connection, inner) =>
        {
            await using var command = new NpgsqlCommand("""
                select kind, key, generation, body, gone, updated_at
                  from shown_row
                 order by kind, key
                """, connection);
            await using var r = await command.ExecuteReaderAsync(inner);
            var rows = new List<ShownRow>();
            while (await r.ReadAsync(inner))
                rows.Add(new ShownRow(r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetString(3), r.GetBoolean(4), r.GetFieldValue<DateTimeOffset>(5)));
            return rows;
        },
        stop);
}
