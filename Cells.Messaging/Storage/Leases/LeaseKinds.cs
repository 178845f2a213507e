namespace Cells.Messaging.Storage.Leases;

/// <summary>The statements over leases: each compares what the writer knows with what stands there, and writes only if it matches.</summary>
internal static class LeaseKinds
{
    public static readonly WriteKind Take = new OrdinalKind<TakeLease>(
        "take-lease", 10, w => ("lease", w.Name), changeNumbersEach: 0, _ => """
            with w as (
                select name, holder, directory, epoch, counter, ordinal
                  from unnest(@names, @holders, @directories, @epochs, @counters) with ordinality
                    as w (name, holder, directory, epoch, counter, ordinal)
            ), made as (
                insert into lease (name, holder, directory, epoch, counter)
                select name, holder, directory, 1, 1
                  from w
                 where epoch = 0
                    on conflict (name) do nothing
                returning name
            ), taken as (
                update lease
                   set holder    = w.holder,
                       directory = w.directory,
                       epoch     = lease.epoch + 1,
                       counter   = lease.counter + 1
                  from w
                 where lease.name = w.name
                   and lease.epoch = w.epoch
                   and lease.counter = w.counter
                returning lease.name
            )
            select (w.ordinal - 1)::int
              from w
              join (select name from made union all select name from taken) as done on done.name = w.name
            """,
        Column.Text<TakeLease>("names", w => w.Name),
        Column.Uuid<TakeLease>("holders", w => w.Holder),
        Column.Uuid<TakeLease>("directories", w => w.Directory),
        Column.Bigint<TakeLease>("epochs", w => w.SeenEpoch),
        Column.Bigint<TakeLease>("counters", w => w.SeenCounter));

    public static readonly WriteKind Renew = new OrdinalKind<RenewLease>(
        "renew-lease", 11, w => ("lease", w.Name), changeNumbersEach: 0, _ => """
            update lease
               set counter = lease.counter + 1
              from unnest(@names, @holders, @epochs, @counters) with ordinality as w (name, holder, epoch, counter, ordinal)
             where lease.name = w.name
               and lease.holder = w.holder
               and lease.epoch = w.epoch
               and lease.counter = w.counter
            returning (w.ordinal - 1)::int
            """,
        Column.Text<RenewLease>("names", w => w.Name),
        Column.Uuid<RenewLease>("holders", w => w.Holder),
        Column.Bigint<RenewLease>("epochs", w => w.Epoch),
        Column.Bigint<RenewLease>("counters", w => w.Counter));

    public static readonly WriteKind Free = new OrdinalKind<FreeLease>(
        "free-lease", 12, w => ("lease", w.Name), changeNumbersEach: 0, _ => """
            update lease
               set holder    = null,
                   directory = null,
                   counter   = lease.counter + 1
              from unnest(@names, @holders, @epochs) with ordinality as w (name, holder, epoch, ordinal)
             where lease.name = w.name
               and lease.holder = w.holder
               and lease.epoch = w.epoch
            returning (w.ordinal - 1)::int
            """,
        Column.Text<FreeLease>("names", w => w.Name),
        Column.Uuid<FreeLease>("holders", w => w.Holder),
        Column.Bigint<FreeLease>("epochs", w => w.Epoch));
}
