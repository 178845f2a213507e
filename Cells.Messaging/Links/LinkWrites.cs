using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Messaging.Links;

/// <summary>
/// Begins a new incarnation of what we send: what is left in the outbox is numbered anew from 1, in its old order, and nothing counts as
/// acknowledged. One that is not above the present incarnation changes nothing.
/// </summary>
internal sealed record BeginIncarnation(CellName Link, long Incarnation, string OwnPast, string? MetPast) : IWrite
{
    // The window function takes in every deleted row before the first is inserted again, so old and new numbers never meet in the index.
    private static readonly WriteKind Writes = new UnguardedKind<BeginIncarnation>(
        "begin-incarnation",
        910,
        """
        with w as (
            select distinct on (neighbour) w.neighbour, w.incarnation, w.own_past, w.met_past
              from unnest(@links, @incarnations, @own_pasts, @met_pasts) as w (neighbour, incarnation, own_past, met_past)
              join link_progress on link_progress.neighbour = w.neighbour
                                and link_progress.out_incarnation < w.incarnation
             order by neighbour, incarnation desc
        ), taken as (
            delete from outbox
             using w
             where outbox.link = w.neighbour
            returning outbox.link, outbox.number, outbox.order_key, outbox.wire_name, outbox.body, outbox.trace_parent
        ), numbered as (
            insert into outbox (link, number, order_key, wire_name, body, trace_parent)
            select link, row_number() over (partition by link order by number), order_key, wire_name, body, trace_parent
              from taken
            returning link
        ), counters as (
            update link
               set last_work_number = (select count(*) from numbered where numbered.link = link.neighbour)
              from w
             where link.neighbour = w.neighbour
        )
        update link_progress
           set out_incarnation = w.incarnation,
               work_acked      = 0,
               reset_owed      = true,
               own_past        = w.own_past,
               met_past_out    = w.met_past
          from w
         where link_progress.neighbour = w.neighbour
        """,
        Column.Text<BeginIncarnation>("links", w => w.Link.Value),
        Column.Bigint<BeginIncarnation>("incarnations", w => w.Incarnation),
        Column.Text<BeginIncarnation>("own_pasts", w => w.OwnPast),
        Column.Text<BeginIncarnation>("met_pasts", w => w.MetPast));

    public WriteKind Kind => Writes;
}

/// <summary>Takes the neighbour's new incarnation: what comes under it begins at 0.</summary>
internal sealed record AdoptIncarnation(CellName Link, long Incarnation, string MetPast) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<AdoptIncarnation>(
        "adopt-incarnation",
        920,
        """
        update link_progress
           set in_incarnation  = w.incarnation,
               work_watermark  = 0,
               state_watermark = 0,
               met_past_in     = w.met_past,
               met_past_out    = coalesce(met_past_out, w.met_past)
          from (select distinct on (neighbour) neighbour, incarnation, met_past
                  from unnest(@links, @incarnations, @met_pasts) as w (neighbour, incarnation, met_past)
                 order by neighbour, incarnation desc) as w
         where link_progress.neighbour = w.neighbour
           and link_progress.in_incarnation < w.incarnation
        """,
        Column.Text<AdoptIncarnation>("links", w => w.Link.Value),
        Column.Bigint<AdoptIncarnation>("incarnations", w => w.Incarnation),
        Column.Text<AdoptIncarnation>("met_pasts", w => w.MetPast));

    public WriteKind Kind => Writes;
}

/// <summary>Everything up to here is done. Of an incarnation that has ended it changes nothing; a lower one neither.</summary>
internal sealed record AdvanceWorkWatermark(CellName Link, long Incarnation, long To) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<AdvanceWorkWatermark>(
        "advance-work-watermark",
        940,
        """
        update link_progress
           set work_watermark = w.number
          from (select neighbour, incarnation, max(number) as number
                  from unnest(@links, @incarnations, @numbers) as w (neighbour, incarnation, number)
                 group by neighbour, incarnation) as w
         where link_progress.neighbour = w.neighbour
           and link_progress.in_incarnation = w.incarnation
           and link_progress.work_watermark < w.number
        """,
        Column.Text<AdvanceWorkWatermark>("links", w => w.Link.Value),
        Column.Bigint<AdvanceWorkWatermark>("incarnations", w => w.Incarnation),
        Column.Bigint<AdvanceWorkWatermark>("numbers", w => w.To));

    public WriteKind Kind => Writes;
}

/// <summary>The neighbour's state up to here is merged. The router commits it together with the merge.</summary>
internal sealed record AdvanceStateWatermark(CellName Link, long Incarnation, long To) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<AdvanceStateWatermark>(
        "advance-state-watermark",
        945,
        """
        update link_progress
           set state_watermark = w.number
          from (select neighbour, incarnation, max(number) as number
                  from unnest(@links, @incarnations, @numbers) as w (neighbour, incarnation, number)
                 group by neighbour, incarnation) as w
         where link_progress.neighbour = w.neighbour
           and link_progress.in_incarnation = w.incarnation
           and link_progress.state_watermark < w.number
        """,
        Column.Text<AdvanceStateWatermark>("links", w => w.Link.Value),
        Column.Bigint<AdvanceStateWatermark>("incarnations", w => w.Incarnation),
        Column.Bigint<AdvanceStateWatermark>("numbers", w => w.To));

    public WriteKind Kind => Writes;
}

/// <summary>The neighbour has committed everything up to here: the rows go. Of an incarnation that has ended it changes nothing.</summary>
internal sealed record AcknowledgeWork(CellName Link, long Incarnation, long To) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<AcknowledgeWork>(
        "acknowledge-work",
        950,
        """
        with marked as (
            update link_progress
               set work_acked = w.number
              from (select neighbour, incarnation, max(number) as number
                      from unnest(@links, @incarnations, @numbers) as w (neighbour, incarnation, number)
                     group by neighbour, incarnation) as w
             where link_progress.neighbour = w.neighbour
               and link_progress.out_incarnation = w.incarnation
               and link_progress.work_acked < w.number
            returning link_progress.neighbour, link_progress.work_acked
        )
        delete from outbox
         using marked
         where outbox.link = marked.neighbour
           and outbox.number <= marked.work_acked
        """,
        Column.Text<AcknowledgeWork>("links", w => w.Link.Value),
        Column.Bigint<AcknowledgeWork>("incarnations", w => w.Incarnation),
        Column.Bigint<AcknowledgeWork>("numbers", w => w.To));

    public WriteKind Kind => Writes;
}

/// <summary>Puts one message aside. May run twice: a row that is there keeps its reason, which is the first one.</summary>
internal sealed record ParkMessage(CellName Link, long Incarnation, WorkItem Item, string Reason, DateTimeOffset At) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<ParkMessage>(
        "park-message",
        930,
        """
        insert into parked_message (link, incarnation, number, order_key, wire_name, body, trace_parent, reason, parked_at)
        select distinct on (link, incarnation, number) link, incarnation, number, order_key, wire_name, body, trace_parent, reason, parked_at
          from unnest(@links, @incarnations, @numbers, @keys, @names, @bodies, @traces, @reasons, @instants)
            as w (link, incarnation, number, order_key, wire_name, body, trace_parent, reason, parked_at)
            on conflict do nothing
        """,
        Column.Text<ParkMessage>("links", w => w.Link.Value),
        Column.Bigint<ParkMessage>("incarnations", w => w.Incarnation),
        Column.Bigint<ParkMessage>("numbers", w => w.Item.Number),
        Column.Text<ParkMessage>("keys", w => w.Item.OrderKey),
        Column.Text<ParkMessage>("names", w => w.Item.WireName),
        Column.Bytes<ParkMessage>("bodies", w => w.Item.Body.ToArray()),
        Column.Text<ParkMessage>("traces", w => w.Item.TraceParent),
        Column.Text<ParkMessage>("reasons", w => w.Reason),
        Column.Time<ParkMessage>("instants", w => w.At));

    public WriteKind Kind => Writes;
}

/// <summary>A parked message was handled at last, or an operator dropped it.</summary>
internal sealed record UnparkMessage(CellName Link, long Incarnation, long Number) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<UnparkMessage>(
        "unpark-message",
        935,
        """
        delete from parked_message
         using unnest(@links, @incarnations, @numbers) as w (link, incarnation, number)
         where parked_message.link = w.link
           and parked_message.incarnation = w.incarnation
           and parked_message.number = w.number
        """,
        Column.Text<UnparkMessage>("links", w => w.Link.Value),
        Column.Bigint<UnparkMessage>("incarnations", w => w.Incarnation),
        Column.Bigint<UnparkMessage>("numbers", w => w.Number));

    public WriteKind Kind => Writes;
}

/// <summary>A parked message was tried again and failed again, for this reason.</summary>
internal sealed record NoteParkedReason(CellName Link, long Incarnation, long Number, string Reason) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<NoteParkedReason>(
        "note-parked-reason",
        936,
        """
        update parked_message
           set reason = w.reason
          from unnest(@links, @incarnations, @numbers, @reasons) as w (link, incarnation, number, reason)
         where parked_message.link = w.link
           and parked_message.incarnation = w.incarnation
           and parked_message.number = w.number
        """,
        Column.Text<NoteParkedReason>("links", w => w.Link.Value),
        Column.Bigint<NoteParkedReason>("incarnations", w => w.Incarnation),
        Column.Bigint<NoteParkedReason>("numbers", w => w.Number),
        Column.Text<NoteParkedReason>("reasons", w => w.Reason));

    public WriteKind Kind => Writes;
}

/// <summary>The owner has driven its open intents again, as this incarnation demanded.</summary>
internal sealed record SettleReset(CellName Link, long Incarnation) : IWrite
{
    private static readonly WriteKind Writes = new UnguardedKind<SettleReset>(
        "settle-reset",
        925,
        """
        update link_progress
           set reset_owed = false
          from unnest(@links, @incarnations) as w (neighbour, incarnation)
         where link_progress.neighbour = w.neighbour
           and link_progress.out_incarnation = w.incarnation
        """,
        Column.Text<SettleReset>("links", w => w.Link.Value),
        Column.Bigint<SettleReset>("incarnations", w => w.Incarnation));

    public WriteKind Kind => Writes;
}
