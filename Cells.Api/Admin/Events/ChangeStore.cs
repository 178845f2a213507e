using Cells.Api.Index;
using Cells.Api.Storage;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Admin.Events;

/// <summary>Reads what changed of the copies: each row once, as it is now, by its last change number.</summary>
internal sealed class ChangeStore(ICellDatabase database)
{
    private const string CounterSql = "select last_number from change_counter";

    // One statement, so counter and rows are of one snapshot: nothing at or below the counter can still be on its way.
    private const string Sql = """
        with counter as (
            select last_number
              from change_counter
        ), page as (
            (select true as is_instance, o.change_number, o.deleted, o.body, i.name
               from instance_observed o
               left join instance_intent i on i.id = o.instance
              where o.change_number > @above
              order by o.change_number
              limit @limit)
            union all
            (select false, h.change_number, h.deleted, h.body, null
               from host_observed h
              where h.change_number > @above
              order by h.change_number
              limit @limit)
        )
        select counter.last_number, page.is_instance, page.change_number, page.deleted, page.body, page.name
          from counter
          left join page on true
         order by page.change_number
         limit @limit
        """;

    public async Task<long> CounterAsync(CancellationToken stop) =>
        (await database.ListAsync("change counter", CounterSql, [], r => r.GetInt64(0), stop)).Single();

    /// <param name="limit">A page of so many rows has more behind it.</param>
    public async Task<ChangePage> ReadAsync(long above, int limit, CancellationToken stop)
    {
        var rows = await database.ListAsync(
            "changes", Sql, [Reads.Bigint("above", above), Reads.Integer("limit", limit)],
            r => (Counter: r.GetInt64(0), Event: r.IsDBNull(1) ? null : Event(r)), stop);
        var events = rows.Select(r => r.Event).OfType<CellsEvent>().ToList();
        return events.Count == limit
            ? new ChangePage(events, events[^1].Change, HasMore: true)
            : new ChangePage(events, Math.Max(above, rows[0].Counter), HasMore: false);
    }

    private static CellsEvent Event(NpgsqlDataReader r)
    {
        var (change, deleted, body) = (r.GetInt64(2), r.GetBoolean(3), r.GetString(4));
        return r.GetBoolean(1)
            ? CellsEvent.Of(change, ObservedJson.Instance(body), deleted, r.TextOrNull(5))
            : CellsEvent.Of(change, ObservedJson.Host(body), deleted);
    }
}

/// <param name="UpTo">Every change up to here has been told, by this page or a former one.</param>
internal sealed record ChangePage(IReadOnlyList<CellsEvent> Events, long UpTo, bool HasMore);
