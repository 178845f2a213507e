using System.Text;
using Cells.Contracts;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Index;

/// <summary>
/// What the state lane sends on to a parent: copies of the instances that came down from it, and of every host, pool and drift below. Rows go as they came.
/// </summary>
internal sealed class ObservedState(ICellDatabase database) : IStateSource
{
    // One statement, so counter and rows are of one snapshot: nothing at or below the counter can still be on its way.
    private const string Sql = """
        with counter as (
            select last_number
              from change_counter
        ), page as (
            (select 'instance' as kind, o.instance::text as key, o.change_number, o.deleted, o.body
               from instance_observed o
               join dispatch d on d.instance = o.instance
                and d.epoch = o.epoch
                and d.parent = @link
              where o.change_number > @above
              order by o.change_number
              limit @limit)
            union all
            (select 'host', h.host::text, h.change_number, h.deleted, h.body
               from host_observed h
              where h.change_number > @above
              order by h.change_number
              limit @limit)
            union all
            (select f.kind, f.key, f.change_number, f.deleted, f.body
               from fleet_observed f
              where f.change_number > @above
              order by f.change_number
              limit @limit)
        )
        select counter.last_number, page.kind, page.key, page.change_number, page.deleted, page.body
          from counter
          left join page on true
         order by page.change_number
         limit @limit
        """;

    public Task<StatePage> ReadPageAsync(CellName link, long above, int limit, CancellationToken stop) => database.ReadAsync(
        $"state for {link}",
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(Sql, connection);
            command.Parameters.AddWithValue("link", link.Value);
            command.Parameters.AddWithValue("above", above);
            command.Parameters.AddWithValue("limit", limit);
            var rows = new List<StateRow>();
            var counter = above;
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token))
            {
                counter = reader.GetInt64(0);
                if (!reader.IsDBNull(1))
                    rows.Add(new StateRow(
                        reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetBoolean(4), Encoding.UTF8.GetBytes(reader.GetString(5))));
            }
            return new StatePage(above, rows.Count == limit ? rows[^1].ChangeNumber : Math.Max(above, counter), rows);
        },
        stop);
}
