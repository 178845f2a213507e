namespace Cells.Messaging.Storage;

/// <summary>How the transaction of a group ended, as far as it is known. An exception in its place means: not known, look for the group's id.</summary>
internal abstract record GroupResult
{
    /// <param name="WorkNumbers">For each member, in the member's own order.</param>
    public sealed record Done(IReadOnlyList<IReadOnlyList<long>> WorkNumbers, GroupCommitted Committed) : GroupResult;

    /// <summary>Rolled back: these guards did not match.</summary>
    public sealed record Missed(IReadOnlyList<(int Member, IWrite Write)> Writes) : GroupResult;

    /// <summary>Rolled back: a statement cannot be executed, now or later. The fault is a member's.</summary>
    public sealed record Refused(Exception Error) : GroupResult;

    /// <summary>Nothing was written, and the same group may succeed later.</summary>
    public sealed record NotNow(Exception Error) : GroupResult;
}
