using System.Text;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Index;

/// <summary>
/// Merges one reported instance row: a copy is only replaced by a higher (epoch, generation), and only by the link to which the dispatch of
/// that epoch leads. A repeated or late row changes nothing and never misses.
/// </summary>
/// <param name="anyEpoch">The planted bug of <see cref="ApiOptions.DropEpochCheck"/>; never true outside tests.</param>
internal sealed class MergeInstance(CellName link, InstanceRow row, bool deleted, ReadOnlyMemory<byte> body, bool anyEpoch = false) : IWrite
{
    private static readonly Column<MergeInstance>[] Columns =
    [
        Column.Uuid<MergeInstance>("instances", m => m.Row.Instance.Value),
        Column.Bigint<MergeInstance>("epochs", m => m.Row.Epoch),
        Column.Bigint<MergeInstance>("generations", m => m.Row.Generation),
        Column.Bigint<MergeInstance>("applied_intents", m => m.Row.AppliedIntent),
        Column.Boolean<MergeInstance>("deleteds", m => m.Deleted),
        Column.Text<MergeInstance>("bodies", m => m.Body),
        Column.Text<MergeInstance>("links", m => m.Link.Value),
    ];

    private static readonly WriteKind TheKind = new InstanceKind("merge-instance", 190, "dispatch.asked = w.link", "(excluded.epoch, excluded.generation) > (o.epoch, o.generation)");
    private static readonly WriteKind Planted = new InstanceKind("merge-instance-of-any-epoch", 191, "true", "excluded.generation > o.generation");

    public InstanceId Instance => row.Instance;

    /// <summary>Set by the commit: the link may not speak of this instance. The page it came in is taken without it.</summary>
    public bool Foreign { get; private set; }

    public WriteKind Kind => anyEpoch ? Planted : TheKind;

    private sealed class InstanceKind(string name, int order, string leads, string isNewer) : WriteKind(name, order)
    {
        public override int ChangeNumbersEach => 1;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            // A row of a child that was asked before another one is late, not foreign: it is left out without a word.
            var sql = $"""
                with w as (
                    select instance, epoch, generation, applied_intent, deleted, body, link, ordinal - 1 as ordinal
                      from unnest(@instances, @epochs, @generations, @applied_intents, @deleteds, @bodies, @links) with ordinality
                        as w (instance, epoch, generation, applied_intent, deleted, body, link, ordinal)
                ), led as (
                    select w.*, {leads} as leads
                      from w
                      join dispatch on dispatch.instance = w.instance
                       and dispatch.epoch = w.epoch
                     where dispatch.asked = w.link
                        or exists (select 1 from json_array_elements(dispatch.tried) as t where t ->> 'child' = w.link)
                ), newest as (
                    select distinct on (instance) *
                      from led
                     where leads
                     order by instance, epoch desc, generation desc, deleted desc
                ), merged as (
                    insert into instance_observed as o (instance, epoch, generation, applied_intent, deleted, body, change_number)
                    select instance, epoch, generation, applied_intent, deleted, body::json, {firstChangeNumber} + ordinal
                      from newest
                    on conflict (instance) do update
                       set epoch          = excluded.epoch,
                           generation     = excluded.generation,
                           applied_intent = excluded.applied_intent,
                           deleted        = excluded.deleted,
                           body           = excluded.body,
                           change_number  = excluded.change_number
                     where ({isNewer})
                        or ((excluded.epoch, excluded.generation) = (o.epoch, o.generation) and excluded.deleted and not o.deleted)
                )
                select w.ordinal::integer
                  from w
                 where not exists (select 1 from led where led.ordinal = w.ordinal)
                """;
            Column.Fill(command, sql, MergeInstance.Columns, [.. writes.Cast<MergeInstance>()]);
        }

        public override async Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop)
        {
            foreach (var write in writes)
                ((MergeInstance)write).Foreign = false;        // the group may be run again
            while (await answer.ReadAsync(stop))
                ((MergeInstance)writes[answer.GetInt32(0)]).Foreign = true;
            return [];
        }
    }

    private CellName Link => link;
    private InstanceRow Row => row;
    private bool Deleted => deleted;
    private string Body => Encoding.UTF8.GetString(body.Span);
}

/// <summary>
/// Merges one reported host row, newest generation wins. Whether the link may speak of the host's cell is judged before; a host that another
/// link already speaks of stays with that one until its copy is a tombstone.
/// </summary>
internal sealed class MergeHost(CellName link, HostRow row, bool deleted, ReadOnlyMemory<byte> body) : IWrite
{
    private static readonly Column<MergeHost>[] Columns =
    [
        Column.Uuid<MergeHost>("hosts", m => m.Row.Host.Value),
        Column.Text<MergeHost>("cells", m => m.Row.Cell.Value),
        Column.Text<MergeHost>("links", m => m.Link.Value),
        Column.Bigint<MergeHost>("generations", m => m.Row.Generation),
        Column.Boolean<MergeHost>("deleteds", m => m.Deleted),
        Column.Text<MergeHost>("bodies", m => m.Body),
    ];

    private static readonly WriteKind TheKind = new HostKind();

    public WriteKind Kind => TheKind;

    private sealed class HostKind() : WriteKind("merge-host", 192)
    {
        public override int ChangeNumbersEach => 1;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var sql = $"""
                with w as (
                    select host, cell, link, generation, deleted, body, ordinal - 1 as ordinal
                      from unnest(@hosts, @cells, @links, @generations, @deleteds, @bodies) with ordinality
                        as w (host, cell, link, generation, deleted, body, ordinal)
                ), newest as (
                    select distinct on (host) *
                      from w
                     order by host, generation desc, deleted desc, ordinal desc
                )
                insert into host_observed as o (host, cell, link, generation, deleted, body, change_number)
                select host, cell, link, generation, deleted, body::json, {firstChangeNumber} + ordinal
                  from newest
                on conflict (host) do update
                   set cell          = excluded.cell,
                       link          = excluded.link,
                       generation    = excluded.generation,
                       deleted       = excluded.deleted,
                       body          = excluded.body,
                       change_number = excluded.change_number
                 where (o.cell = excluded.cell and (excluded.generation > o.generation
                                                    or (excluded.generation = o.generation and excluded.deleted and not o.deleted)))
                    or (o.cell <> excluded.cell and o.deleted)
                """;
            Column.Fill(command, sql, MergeHost.Columns, [.. writes.Cast<MergeHost>()]);
        }
    }

    private CellName Link => link;
    private HostRow Row => row;
    private bool Deleted => deleted;
    private string Body => Encoding.UTF8.GetString(body.Span);
}
