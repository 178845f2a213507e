using Cells.Contracts;
using Cells.Messaging.Storage;
using Dapper;
using Npgsql;

namespace Cells.Messaging.Links;

internal sealed class LinkStore(ICellDatabase database) : ILinkStore
{
    public Task<LinkRecord> ReadLinkAsync(CellName link, CancellationToken stop) =>
        database.ReadAsync($"link {link}", async (connection, inner) =>
        {
            var row = await connection.QuerySingleAsync<LinkRow>(new CommandDefinition("""
                select p.out_incarnation    as OutIncarnation,
                       p.work_acked         as WorkAcked,
                       p.own_past           as OwnPast,
                       p.reset_owed         as ResetOwed,
                       p.met_past_out       as MetPastOut,
                       p.in_incarnation     as InIncarnation,
                       p.work_watermark     as WorkWatermark,
                       p.state_watermark    as StateWatermark,
                       p.met_past_in        as MetPastIn,
                       l.last_work_number   as WorkGiven,
                       c.last_number        as ChangeCounter,
                       array(select order_key
                               from parked_message
                              where link = p.neighbour
                              order by order_key) as ParkedKeys
                  from link_progress p
                  join link l on l.neighbour = p.neighbour
                 cross join change_counter c
                 where p.neighbour = @link
                """, new { link = link.Value }, cancellationToken: inner));
            var past = new LinkPast(
                row.OutIncarnation, row.WorkAcked, row.InIncarnation, row.WorkWatermark, row.StateWatermark, row.MetPastOut, row.MetPastIn);
            return new LinkRecord(past, row.OwnPast, row.ResetOwed, row.WorkGiven, row.ChangeCounter, row.ParkedKeys);
        }, stop);

    public Task<IReadOnlyList<WorkItem>> ReadOutboxAsync(CellName link, long above, int limit, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<WorkItem>>($"outbox of link {link}", async (connection, inner) =>
        {
            await using var command = new NpgsqlCommand("""
                select number, order_key, wire_name, body, trace_parent
                  from outbox
                 where link = @link
                   and number > @above
                 order by number
                 limit @limit
                """, connection);
            command.Parameters.AddWithValue("link", link.Value);
            command.Parameters.AddWithValue("above", above);
            command.Parameters.AddWithValue("limit", limit);
            await using var rows = await command.ExecuteReaderAsync(inner);
            var items = new List<WorkItem>();
            while (await rows.ReadAsync(inner))
            {
                items.Add(new WorkItem(
                    rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.GetFieldValue<byte[]>(3), rows.IsDBNull(4) ? null : rows.GetString(4)));
            }
            return items;
        }, stop);

    public Task<ParkedMessage?> ReadOldestParkedAsync(CellName link, string orderKey, CancellationToken stop) =>
        database.ReadAsync($"oldest parked message of {orderKey}", async (connection, inner) =>
        {
            var row = await connection.QuerySingleOrDefaultAsync<ParkedRow>(new CommandDefinition("""
                select link, incarnation, number, order_key as OrderKey, wire_name as WireName, body, trace_parent as TraceParent, reason, parked_at as ParkedAt
                  from parked_message
                 where link = @link
                   and order_key = @orderKey
                 order by incarnation, number
                 limit 1
                """, new { link = link.Value, orderKey }, cancellationToken: inner));
            return row?.ToMessage();
        }, stop);

    public Task<IReadOnlyList<ParkedMessage>> ReadParkedAsync(CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<ParkedMessage>>("parked messages", async (connection, inner) =>
        {
            var rows = await connection.QueryAsync<ParkedRow>(new CommandDefinition("""
                select link, incarnation, number, order_key as OrderKey, wire_name as WireName, body, trace_parent as TraceParent, reason, parked_at as ParkedAt
                  from parked_message
                 order by link, order_key, incarnation, number
                """, cancellationToken: inner));
            return [.. rows.Select(row => row.ToMessage())];
        }, stop);

    /// <summary>What says whether a database is still the one it was: its cluster's system identifier and its timeline.</summary>
    public static Task<string> ReadPastAsync(ICellDatabase database, CancellationToken stop) =>
        database.ReadAsync("system identifier and timeline", async (connection, inner) =>
            await connection.QuerySingleAsync<string>(new CommandDefinition("""
                select system_identifier::text || '/' || ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int::text
                  from pg_control_system()
                """, cancellationToken: inner)), stop);

    private sealed class LinkRow
    {
        public long OutIncarnation { get; init; }
        public long WorkAcked { get; init; }
        public string OwnPast { get; init; } = "";
        public bool ResetOwed { get; init; }
        public string? MetPastOut { get; init; }
        public long InIncarnation { get; init; }
        public long WorkWatermark { get; init; }
        public long StateWatermark { get; init; }
        public string? MetPastIn { get; init; }
        public long WorkGiven { get; init; }
        public long ChangeCounter { get; init; }
        public string[] ParkedKeys { get; init; } = [];
    }

    private sealed class ParkedRow
    {
        public string Link { get; init; } = "";
        public long Incarnation { get; init; }
        public long Number { get; init; }
        public string OrderKey { get; init; } = "";
        public string WireName { get; init; } = "";
        public byte[] Body { get; init; } = [];
        public string? TraceParent { get; init; }
        public string Reason { get; init; } = "";
        public DateTime ParkedAt { get; init; }

        public ParkedMessage ToMessage() =>
            new(CellName.Parse(Link), Incarnation, Number, OrderKey, WireName, Body, TraceParent, Reason, ParkedAt);
    }
}
