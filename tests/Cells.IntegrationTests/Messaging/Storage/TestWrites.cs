using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.IntegrationTests.Messaging.Storage;

/// <summary>A small owner's tables and kinds: items guarded by their generation, providers whose claims are summed.</summary>
internal static class TestSchema
{
    public const string Sql = """
        create table item (
            id            int    primary key,
            value         int    not null check (value >= 0),
            generation    bigint not null default 1,
            change_number bigint not null
        );
        create table provider (
            id       int primary key,
            capacity int not null,
            promised int not null default 0
        );
        create table note (text text not null);
        insert into link (neighbour) values ('up'), ('down');
        """;
}

internal sealed record AddItem(int Id, int Value) : IWrite
{
    public WriteKind Kind => Adding.Instance;

    private sealed class Adding() : WriteKind("add-item", 100)
    {
        public static readonly Adding Instance = new();

        public override int ChangeNumbersEach => 1;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            command.CommandText = $"""
                insert into item (id, value, change_number)
                select w.id, w.value, {firstChangeNumber} + w.ordinal - 1
                  from unnest(@ids, @values) with ordinality as w (id, value, ordinal)
                """;
            command.Parameters.Add(new NpgsqlParameter("ids", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = writes.Select(w => ((AddItem)w).Id).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("values", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = writes.Select(w => ((AddItem)w).Value).ToArray() });
        }
    }
}

internal sealed record MoveItem(int Id, long Generation, int Value) : IWrite
{
    public WriteKind Kind => Moving.Instance;

    private sealed class Moving() : WriteKind("move-item", 110)
    {
        public static readonly Moving Instance = new();

        public override int ChangeNumbersEach => 1;

        public override object? GuardedRow(IWrite write) => ("item", ((MoveItem)write).Id);

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            command.CommandText = $"""
                update item
                   set value         = w.value,
                       generation    = item.generation + 1,
                       change_number = {firstChangeNumber} + w.ordinal - 1
                  from unnest(@ids, @generations, @values) with ordinality as w (id, generation, value, ordinal)
                 where item.id = w.id
                   and item.generation = w.generation
                returning (w.ordinal - 1)::int
                """;
            command.Parameters.Add(new NpgsqlParameter("ids", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = writes.Select(w => ((MoveItem)w).Id).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("generations", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = writes.Select(w => ((MoveItem)w).Generation).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("values", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = writes.Select(w => ((MoveItem)w).Value).ToArray() });
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }
}

/// <summary>A claim: summed per provider, so it guards no row of its own.</summary>
internal sealed record Claim(int Provider, int Amount) : IWrite
{
    public WriteKind Kind => Claiming.Instance;

    private sealed class Claiming() : WriteKind("claim", 120)
    {
        public static readonly Claiming Instance = new();

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            command.CommandText = """
                with w as (
                    select id, amount, ordinal
                      from unnest(@ids, @amounts) with ordinality as w (id, amount, ordinal)
                ), raised as (
                    update provider
                       set promised = promised + total.amount
                      from (select id, sum(amount) as amount from w group by id) as total
                     where provider.id = total.id
                       and promised + total.amount <= capacity
                    returning provider.id
                )
                select (ordinal - 1)::int
                  from w
                  join raised on raised.id = w.id
                """;
            command.Parameters.Add(new NpgsqlParameter("ids", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = writes.Select(w => ((Claim)w).Provider).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("amounts", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = writes.Select(w => ((Claim)w).Amount).ToArray() });
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }
}

/// <summary>Unguarded, without change numbers: the plainest write there is.</summary>
internal sealed record AddNote(string Text) : IWrite
{
    public WriteKind Kind => Noting.Instance;

    private sealed class Noting() : WriteKind("add-note", 130)
    {
        public static readonly Noting Instance = new();

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            command.CommandText = """
                insert into note (text)
                select w.text
                  from unnest(@texts) as w (text)
                """;
            command.Parameters.Add(new NpgsqlParameter("texts", NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = writes.Select(w => ((AddNote)w).Text).ToArray() });
        }
    }
}

/// <summary>A guard whose statement forgets to say what matched.</summary>
internal sealed record MuteGuard(int Id) : IWrite
{
    public WriteKind Kind => Mute.Instance;

    private sealed class Mute() : WriteKind("mute-guard", 140)
    {
        public static readonly Mute Instance = new();

        public override object? GuardedRow(IWrite write) => ("item", ((MuteGuard)write).Id);

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
            command.CommandText = "update item set value = value where id = -1";
    }
}
