using System.Text;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Index;

/// <summary>
/// Merges one reported row of a fleet, newest generation wins. Whether the link may speak of the row's cell is judged before; a repeated or late row
/// changes nothing and never misses.
/// </summary>
internal sealed class MergeFleetRow(CellName link, string kind, string key, IFleetRow row, bool deleted, ReadOnlyMemory<byte> body) : IWrite
{
    private static readonly WriteKind TheKind = new NumberedKind<MergeFleetRow>(
        "merge-fleet-row", 193, first => $"""
            with w as (
                select kind, key, cell, link, generation, deleted, body, ordinal - 1 as ordinal
                  from unnest(@kinds, @keys, @cells, @links, @generations, @deleteds, @bodies) with ordinality
                    as w (kind, key, cell, link, generation, deleted, body, ordinal)
            ), newest as (
                select distinct on (kind, key) *
                  from w
                 order by kind, key, generation desc, deleted desc, ordinal desc
            )
            insert into fleet_observed as o (kind, key, cell, link, generation, deleted, body, change_number)
            select kind, key, cell, link, generation, deleted, body::json, {first} + ordinal
              from newest
            on conflict (kind, key) do update
               set cell          = excluded.cell,
                   link          = excluded.link,
                   generation    = excluded.generation,
                   deleted       = excluded.deleted,
                   body          = excluded.body,
                   change_number = excluded.change_number
             where excluded.generation > o.generation
                or (excluded.generation = o.generation and excluded.deleted and not o.deleted)
            """,
        Column.Text<MergeFleetRow>("kinds", m => m.RowKind),
        Column.Text<MergeFleetRow>("keys", m => m.Key),
        Column.Text<MergeFleetRow>("cells", m => m.Row.Cell.Value),
        Column.Text<MergeFleetRow>("links", m => m.Link.Value),
        Column.Bigint<MergeFleetRow>("generations", m => m.Row.Generation),
        Column.Boolean<MergeFleetRow>("deleteds", m => m.Deleted),
        Column.Text<MergeFleetRow>("bodies", m => m.Body));

    public WriteKind Kind => TheKind;

    private CellName Link => link;
    private string RowKind => kind;
    private string Key => key;
    private IFleetRow Row => row;
    private bool Deleted => deleted;
    private string Body => Encoding.UTF8.GetString(body.Span);
}
