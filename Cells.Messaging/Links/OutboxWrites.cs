using Cells.Contracts.Wire;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Messaging.Links;

/// <summary>
/// Writes outbox rows. Numbers are dense and in commit order: they come from the link's counter row, locked last, after every guard of the
/// group; a rolled back group gives its numbers back with it.
/// </summary>
public sealed class OutboxWrites : WriteKind
{
    public static readonly OutboxWrites Instance = new();

    private const string Sql = """
        with w as (
            select link, order_key, wire_name, body, trace_parent, ordinal
              from unnest(@links, @keys, @names, @bodies, @traces) with ordinality
                as w (link, order_key, wire_name, body, trace_parent, ordinal)
        ), counted as (
            update link
               set last_work_number = last_work_number + n.messages
              from (select link, count(*) as messages from w group by link) as n
             where link.neighbour = n.link
            returning link.neighbour, last_work_number - n.messages as base
        ), numbered as (
            select w.*, counted.base + row_number() over (partition by w.link order by w.ordinal) as number
              from w
              join counted on counted.neighbour = w.link
        ), written as (
            insert into outbox (link, number, order_key, wire_name, body, trace_parent)
            select link, number, order_key, wire_name, body, trace_parent
              from numbered
        )
        select ordinal, number
          from numbered
         order by ordinal
        """;

    private static readonly Column<SendWork>[] Columns =
    [
        Column.Text<SendWork>("links", w => w.Link.Value),
        Column.Text<SendWork>("keys", w => w.OrderKey),
        Column.Text<SendWork>("names", w => WireMessages.NameOf(w.Message)),
        Column.Bytes<SendWork>("bodies", w => WireMessages.ToBytes(w.Message)),
        Column.Text<SendWork>("traces", w => w.TraceParent),
    ];

    private OutboxWrites() : base("send-work", 990) { }

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
        Column.Fill(command, Sql, Columns, [.. writes.Cast<SendWork>()]);

    /// <summary>Reads (ordinal from 1, number) pairs: the numbers in the order of the writes.</summary>
    /// <exception cref="InvalidOperationException">A write names a link that this cell does not have.</exception>
    public static async Task<IReadOnlyList<long>> ReadNumbersAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop)
    {
        var numbers = new long[writes.Count];
        while (await answer.ReadAsync(stop))
            numbers[answer.GetInt64(0) - 1] = answer.GetInt64(1);
        var unknown = Array.IndexOf(numbers, 0);
        return unknown < 0
            ? numbers
            : throw new InvalidOperationException($"No link to '{((SendWork)writes[unknown]).Link}': a message for it was handed to the committer.");
    }
}
