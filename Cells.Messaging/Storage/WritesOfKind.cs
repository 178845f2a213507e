using Cells.Messaging.Links;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Messaging.Storage;

/// <summary>All writes of one kind in a group, in the order of their members: one statement.</summary>
internal sealed class WritesOfKind(WriteKind kind)
{
    // The first change number of these writes is counted back from the counter's new value. How far back is a parameter, so that the
    // statement's text is always the same and stays prepared.
    private const string FromTheEnd = "change_numbers_from_the_end";
    private const string FirstChangeNumber = $"((select last_number from change_counter) - @{FromTheEnd})";

    private readonly List<IWrite> _writes = [];
    private readonly List<int> _members = [];

    public WriteKind Kind => kind;

    public long ChangeNumbers => (long)kind.ChangeNumbersEach * _writes.Count;

    /// <summary>Whether silence would hide something: a miss, or the numbers of messages.</summary>
    public bool MustAnswer => kind is OutboxWrites || kind.ReadsAnswer || _writes.Any(write => kind.GuardedRow(write) is not null);

    /// <summary>In the fixed order of statements.</summary>
    public static IReadOnlyList<WritesOfKind> Of(IReadOnlyList<PendingChange> members)
    {
        var kinds = new Dictionary<WriteKind, WritesOfKind>();
        for (var member = 0; member < members.Count; member++)
        {
            foreach (var write in members[member].Change.Writes)
            {
                if (!kinds.TryGetValue(write.Kind, out var same))
                    kinds.Add(write.Kind, same = new WritesOfKind(write.Kind));
                same._writes.Add(write);
                same._members.Add(member);
            }
        }
        return [.. kinds.Values.OrderBy(same => same.Kind.Order).ThenBy(same => same.Kind.Name, StringComparer.Ordinal)];
    }

    /// <param name="fromTheEnd">How many change numbers the group takes after the first one of this kind.</param>
    public NpgsqlBatchCommand Describe(long fromTheEnd)
    {
        var command = new NpgsqlBatchCommand();
        var numbered = kind.ChangeNumbersEach > 0;
        kind.Describe(command, _writes, numbered ? FirstChangeNumber : "");
        if (numbered)
            command.Parameters.Add(new NpgsqlParameter(FromTheEnd, NpgsqlDbType.Bigint) { Value = fromTheEnd });
        return command;
    }

    public async Task ReadAsync(NpgsqlDataReader answer, GroupTransaction.Answers answers, CancellationToken stop)
    {
        if (kind is not OutboxWrites)
        {
            foreach (var index in await kind.ReadMissedAsync(answer, _writes, stop))
                answers.Misses.Add((_members[index], _writes[index]));
            return;
        }
        var numbers = await OutboxWrites.ReadNumbersAsync(answer, _writes, stop);
        for (var i = 0; i < numbers.Count; i++)
        {
            var work = (SendWork)_writes[i];
            answers.WorkNumbers[_members[i]].Add(numbers[i]);
            answers.Works.Add(new CommittedWork(work.Link, numbers[i], work));
        }
    }
}
