using Cells.Messaging.Links;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Messaging.Storage;

/// <summary>
/// The statements of one group, all in one batch (one round trip). Their order is the same in every group: change counter, the committer's
/// own row, each kind by its place, work numbers last.
/// </summary>
internal sealed class GroupTransaction
{
    private readonly Guid _committer;
    private readonly IReadOnlyList<WritesOfKind> _kinds;
    private readonly long _changeNumbers;

    public GroupTransaction(Guid committer, Guid id, IReadOnlyList<PendingChange> members)
    {
        (_committer, Id, Members) = (committer, id, members);
        _kinds = WritesOfKind.Of(members);
        _changeNumbers = _kinds.Sum(kind => kind.ChangeNumbers);
    }

    public Guid Id { get; }

    public IReadOnlyList<PendingChange> Members { get; }

    /// <summary>What the askers are told once the commit is known to have held. Null until every statement has been answered without a miss.</summary>
    public GroupResult.Done? Prepared { get; private set; }

    /// <summary>Executes everything and commits nothing.</summary>
    /// <returns>The guards that did not match; when there are none, the transaction is ready to be committed.</returns>
    public async Task<IReadOnlyList<(int Member, IWrite Write)>> ExecuteAsync(NpgsqlTransaction transaction, CancellationToken stop)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        var answers = new Answers([.. Members.Select(_ => new List<long>())]);
        var reads = Describe(batch);
        await ReadAsync(batch, reads, answers, stop);
        if (answers.Misses.Count == 0)
            Prepared = new GroupResult.Done(answers.WorkNumbers, new GroupCommitted(answers.Works, answers.LastChangeNumber));
        return answers.Misses;
    }

    /// <returns>For each statement of the batch: who reads its answer, if anybody.</returns>
    private List<Read?> Describe(NpgsqlBatch batch)
    {
        var reads = new List<Read?>();
        if (_changeNumbers > 0)
        {
            batch.BatchCommands.Add(CountChanges(_changeNumbers));
            reads.Add(ReadCounterAsync);
        }
        batch.BatchCommands.Add(NoteGroup(_committer, Id));
        reads.Add(null);

        var before = 0L;
        foreach (var kind in _kinds)
        {
            batch.BatchCommands.Add(kind.Describe(fromTheEnd: _changeNumbers - before - 1));
            reads.Add(kind.ReadAsync);
            before += kind.ChangeNumbers;
        }
        return reads;
    }

    private async Task ReadAsync(NpgsqlBatch batch, List<Read?> reads, Answers answers, CancellationToken stop)
    {
        await using var answer = await batch.ExecuteReaderAsync(stop);
        var answered = new bool[reads.Count];
        var more = answer.FieldCount > 0;
        while (more)
        {
            var statement = StatementAtHand(batch, answer);
            answered[statement] = true;
            if (reads[statement] is { } read)
                await read(answer, answers, stop);
            more = await answer.NextResultAsync(stop);
        }

        var kindsBegin = reads.Count - _kinds.Count;
        for (var i = 0; i < _kinds.Count; i++)
            if (_kinds[i].MustAnswer && !answered[kindsBegin + i])
                throw new InvalidOperationException($"The statement of '{_kinds[i].Kind}' returns no rows, so its guards cannot be judged.");
    }

    /// <summary>
    /// A batch's reader skips statements that return no rows and does not say which one it stands at. Npgsql notes a statement's type when
    /// that has ended; one with rows ends behind its last row, one with an empty answer has ended when the reader comes to it.
    /// </summary>
    private static int StatementAtHand(NpgsqlBatch batch, NpgsqlDataReader answer)
    {
        var ended = 0;
        while (ended < batch.BatchCommands.Count && batch.BatchCommands[ended].StatementType != StatementType.Unknown)
            ended++;
        return answer.HasRows ? ended : ended - 1;
    }

    private static NpgsqlBatchCommand CountChanges(long changes) => new("""
        update change_counter
           set last_number = last_number + @changes
        returning last_number
        """)
    {
        Parameters = { new NpgsqlParameter("changes", NpgsqlDbType.Bigint) { Value = changes } },
    };

    private static async Task ReadCounterAsync(NpgsqlDataReader answer, Answers answers, CancellationToken stop)
    {
        await answer.ReadAsync(stop);
        answers.LastChangeNumber = answer.GetInt64(0);
    }

    private static NpgsqlBatchCommand NoteGroup(Guid committer, Guid id) => new("""
        insert into commit_group (committer, id, number)
        values (@committer, @id, 1)
            on conflict (committer) do update
           set id     = excluded.id,
               number = commit_group.number + 1
        """)
    {
        Parameters =
        {
            new NpgsqlParameter("committer", NpgsqlDbType.Uuid) { Value = committer },
            new NpgsqlParameter("id", NpgsqlDbType.Uuid) { Value = id },
        },
    };

    private delegate Task Read(NpgsqlDataReader answer, Answers answers, CancellationToken stop);

    /// <summary>What the statements of the batch answered.</summary>
    internal sealed class Answers(IReadOnlyList<List<long>> workNumbers)
    {
        public List<(int Member, IWrite Write)> Misses { get; } = [];
        public IReadOnlyList<List<long>> WorkNumbers => workNumbers;
        public List<CommittedWork> Works { get; } = [];
        public long? LastChangeNumber { get; set; }
    }
}
