namespace Cells.Messaging.Storage;

/// <summary>
/// One write, described as a value. Stores describe; the cell's committer turns all writes of one kind in a group into one statement.
/// </summary>
public interface IWrite
{
    WriteKind Kind { get; }
}

/// <summary>Writes that are committed together or not at all: one asker's decision, its rows, its messages, its watermarks.</summary>
public sealed record Change(IReadOnlyList<IWrite> Writes)
{
    public Change(params IWrite[] writes) : this((IReadOnlyList<IWrite>)writes) { }
}

/// <summary>How a change ended. There is no fourth way: a lost answer is looked up by the group's id before anybody is told.</summary>
public abstract record CommitOutcome
{
    private CommitOutcome() { }

    /// <param name="WorkNumbers">Dense number of each work message of the change, in the change's own order.</param>
    public sealed record Committed(IReadOnlyList<long> WorkNumbers) : CommitOutcome;

    /// <summary>Nothing of the change was written, because these guards did not match: read again, decide again.</summary>
    public sealed record Missed(IReadOnlyList<IWrite> Writes) : CommitOutcome;

    /// <summary>Nothing of the change was written, and the database cannot take it now.</summary>
    /// <param name="Reason">For operators: it may hold what the database said, values included.</param>
    public sealed record Unavailable(string Reason) : CommitOutcome
    {
        /// <summary>The constraint that forbids the change (a name that is taken, a thing that went away or is in use); null for everything else.</summary>
        public string? Constraint { get; init; }

        /// <summary>Whether the database took the statement for wrong: it would be refused again.</summary>
        public bool IsRefused { get; init; }
    }
}
