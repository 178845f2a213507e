using Npgsql;
using NpgsqlTypes;

namespace Cells.Messaging.Storage.Leases;

/// <summary>The statements over leases: each compares what the writer knows with what stands there, and writes only if it matches.</summary>
internal abstract class LeaseKind<T>(string name, int order) : WriteKind(name, order)
    where T : IWrite
{
    public sealed override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
        MissingOrdinalsAsync(answer, writes.Count, stop);

    protected static void Add<TValue>(NpgsqlBatchCommand command, string name, NpgsqlDbType type, IReadOnlyList<IWrite> writes, Func<T, TValue> value) =>
        command.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Array | type) { Value = writes.Select(write => value((T)write)).ToArray() });
}

internal sealed class TakingLeases : LeaseKind<TakeLease>
{
    public static readonly TakingLeases Instance = new();

    private TakingLeases() : base("take-lease", 10) { }

    public override object? GuardedRow(IWrite write) => ("lease", ((TakeLease)write).Name);

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
    {
        command.CommandText = """
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
            """;
        Add(command, "names", NpgsqlDbType.Text, writes, write => write.Name);
        Add(command, "holders", NpgsqlDbType.Uuid, writes, write => write.Holder);
        Add(command, "directories", NpgsqlDbType.Uuid, writes, write => write.Directory);
        Add(command, "epochs", NpgsqlDbType.Bigint, writes, write => write.SeenEpoch);
        Add(command, "counters", NpgsqlDbType.Bigint, writes, write => write.SeenCounter);
    }
}

internal sealed class RenewingLeases : LeaseKind<RenewLease>
{
    public static readonly RenewingLeases Instance = new();

    private RenewingLeases() : base("renew-lease", 11) { }

    public override object? GuardedRow(IWrite write) => ("lease", ((RenewLease)write).Name);

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
    {
        command.CommandText = """
            update lease
               set counter = lease.counter + 1
              from unnest(@names, @holders, @epochs, @counters) with ordinality as w (name, holder, epoch, counter, ordinal)
             where lease.name = w.name
               and lease.holder = w.holder
               and lease.epoch = w.epoch
               and lease.counter = w.counter
            returning (w.ordinal - 1)::int
            """;
        Add(command, "names", NpgsqlDbType.Text, writes, write => write.Name);
        Add(command, "holders", NpgsqlDbType.Uuid, writes, write => write.Holder);
        Add(command, "epochs", NpgsqlDbType.Bigint, writes, write => write.Epoch);
        Add(command, "counters", NpgsqlDbType.Bigint, writes, write => write.Counter);
    }
}

internal sealed class FreeingLeases : LeaseKind<FreeLease>
{
    public static readonly FreeingLeases Instance = new();

    private FreeingLeases() : base("free-lease", 12) { }

    public override object? GuardedRow(IWrite write) => ("lease", ((FreeLease)write).Name);

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
    {
        command.CommandText = """
            update lease
               set holder    = null,
                   directory = null,
                   counter   = lease.counter + 1
              from unnest(@names, @holders, @epochs) with ordinality as w (name, holder, epoch, ordinal)
             where lease.name = w.name
               and lease.holder = w.holder
               and lease.epoch = w.epoch
            returning (w.ordinal - 1)::int
            """;
        Add(command, "names", NpgsqlDbType.Text, writes, write => write.Name);
        Add(command, "holders", NpgsqlDbType.Uuid, writes, write => write.Holder);
        Add(command, "epochs", NpgsqlDbType.Bigint, writes, write => write.Epoch);
    }
}
