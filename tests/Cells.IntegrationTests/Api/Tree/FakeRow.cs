using System.Text;
using Cells.Contracts;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.IntegrationTests.Api.Tree;

/// <summary>A replicated row of a fake compute cell.</summary>
internal sealed record FakeRow(string RowKind, Guid Key, bool Deleted, string Body) : IWrite
{
    public const string Table = """
        create table fake_row (kind text, key uuid, deleted boolean not null, body text not null, change_number bigint not null, primary key (kind, key))
        """;

    private static readonly WriteKind TheKind = new FakeRows();

    public WriteKind Kind => TheKind;

    private sealed class FakeRows() : WriteKind("fake-row", 150)
    {
        public override int ChangeNumbersEach => 1;

        public override object? GuardedRow(IWrite write) => (((FakeRow)write).RowKind, ((FakeRow)write).Key);

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            command.CommandText = $"""
                insert into fake_row (kind, key, deleted, body, change_number)
                select kind, key, deleted, body, {firstChangeNumber} + ordinal - 1
                  from unnest(@kinds, @keys, @deleteds, @bodies) with ordinality as w (kind, key, deleted, body, ordinal)
                on conflict (kind, key) do update
                   set deleted = excluded.deleted, body = excluded.body, change_number = excluded.change_number
                returning 1
                """;
            var rows = writes.Cast<FakeRow>().ToList();
            command.Parameters.Add(new NpgsqlParameter("kinds", NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = rows.Select(r => r.RowKind).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("keys", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = rows.Select(r => r.Key).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("deleteds", NpgsqlDbType.Array | NpgsqlDbType.Boolean) { Value = rows.Select(r => r.Deleted).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("bodies", NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = rows.Select(r => r.Body).ToArray() });
        }
    }
}

/// <summary>Sends the fake rows up.</summary>
internal sealed class FakeState(ICellDatabase database) : IStateSource
{
    public Task<StatePage> ReadPageAsync(CellName link, long above, int limit, CancellationToken stop) => database.ReadAsync(
        "fake rows",
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("""
                select c.last_number, r.kind, r.key, r.change_number, r.deleted, r.body
                  from change_counter c
                  left join (select * from fake_row where change_number > @above order by change_number limit @limit) r on true
                 order by r.change_number
                """, connection);
            command.Parameters.AddWithValue("above", above);
            command.Parameters.AddWithValue("limit", limit);
            var (rows, counter) = (new List<StateRow>(), above);
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token))
            {
                counter = reader.GetInt64(0);
                if (!reader.IsDBNull(1))
                    rows.Add(new StateRow(reader.GetString(1), reader.GetGuid(2).ToString("D"), reader.GetInt64(3), reader.GetBoolean(4),
                        Encoding.UTF8.GetBytes(reader.GetString(5))));
            }
            return new StatePage(above, rows.Count == limit ? rows[^1].ChangeNumber : Math.Max(above, counter), rows);
        },
        stop);
}
