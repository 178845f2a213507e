namespace Cells.Contracts.Messages;

/// <summary>How the servers of a group stand to each other. Numbers are stored and sent.</summary>
public enum GroupPolicy
{
    /// <summary>All on one host.</summary>
    Affinity = 1,

    /// <summary>At most so many on one host.</summary>
    AntiAffinity = 2,

    /// <summary>On the hosts that have most of them, if there is room.</summary>
    SoftAffinity = 3,

    /// <summary>On the hosts that have fewest of them.</summary>
    SoftAntiAffinity = 4,
}

/// <summary>The group that an instance is made in.</summary>
/// <param name="MaxPerHost">For <see cref="GroupPolicy.AntiAffinity"/>, at least 1.</param>
public sealed record GroupHint(Guid Id, GroupPolicy Policy, int MaxPerHost)
{
    /// <summary>For <see cref="GroupPolicy.Affinity"/>: the cell that all of the group are in, chosen by the home. Null (or absent, before there was such a word): any.</summary>
    public CellName? Cell { get; init; }
}
