using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>
/// A closed kind of write: its place in the fixed order of statements, its one statement, and its guard. One instance per kind, held in a
/// static field of the write's record.
/// </summary>
/// <param name="name">Shown in errors and counted, such as <c>move-instance</c>.</param>
/// <param name="order">
/// Place in the group's fixed order of tables: lower first. 0-99 the cell's own rows, 100-499 the owner's tables, 900-999 link rows
/// (work numbers are given last of all).
/// </param>
public abstract class WriteKind(string name, int order)
{
    private bool? _readsAnswer;

    public string Name { get; } = name;
    public int Order { get; } = order;

    /// <summary>Whether the kind judges its statement's answer: the statement must then return rows, if only an empty set of them.</summary>
    internal bool ReadsAnswer => _readsAnswer ??= GetType().GetMethod(nameof(ReadMissedAsync))!.DeclaringType != typeof(WriteKind);

    /// <summary>How many change numbers each write of this kind takes: 1 for replicated rows, else 0.</summary>
    public virtual int ChangeNumbersEach => 0;

    /// <summary>
    /// The row that a guarded write guards; a group never holds two writes with an equal row. Null: unguarded, or summed before the statement
    /// (claims on one provider).
    /// </summary>
    public virtual object? GuardedRow(IWrite write) => null;

    /// <summary>
    /// Fills the command: one statement over <c>unnest</c> arrays, whatever the number of writes, so that its text is always the same and stays
    /// prepared. Parameters are named (the committer adds one of its own to numbered kinds). No row may be written twice by one statement.
    /// </summary>
    /// <param name="firstChangeNumber">
    /// SQL expression that yields, inside the group's transaction, the change number of the first of these writes; the i-th (from 0) takes
    /// expression + i. Empty when <see cref="ChangeNumbersEach"/> is 0.
    /// </param>
    public abstract void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber);

    /// <summary>
    /// Reads the statement's answer and names the writes (by index) whose guard did not match. The default: an unguarded kind misses nothing.
    /// </summary>
    public virtual Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<int>>([]);

    public override string ToString() => Name;

    /// <summary>For statements that end in <c>returning w.ordinal</c> (0-based index into the arrays): whoever is not returned missed.</summary>
    protected static async Task<IReadOnlyList<int>> MissingOrdinalsAsync(NpgsqlDataReader answer, int count, CancellationToken stop)
    {
        var matched = new bool[count];
        while (await answer.ReadAsync(stop))
            matched[answer.GetInt32(0)] = true;
        return [.. Enumerable.Range(0, count).Where(i => !matched[i])];
    }
}
