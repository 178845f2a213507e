namespace Cells.Api;

/// <summary>Settings of an API or routing cell; the defaults are what `cells up` runs with.</summary>
public sealed record ApiOptions
{
    /// <summary>How long an accepted request may go without its end before the server shows ERROR by silence.</summary>
    public TimeSpan RequestDeadline { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>How long a routing cell keeps a build for a child to be heard, before it refuses it upward.</summary>
    public TimeSpan WaitForChildren { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the news go up. A neighbour is suspect after three of these.</summary>
    public TimeSpan NewsEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the store is asked what is past its deadline.</summary>
    public TimeSpan DeadlinesEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Pause before a read or a change that the database could not take is tried again.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a ticket, or what an operator says of a host, may wait for its cell to be known again before it is dropped: it comes again.</summary>
    public TimeSpan KeepTickets { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The planted bug "tombstone skipped": a delete of an unknown instance leaves no row. Reachable from tests only.</summary>
    internal bool SkipTombstones { get; init; }

    /// <summary>The planted bug "epoch check dropped": copies are merged by their generation alone, whichever child that was ever asked they come from. Reachable from tests only.</summary>
    internal bool DropEpochCheck { get; init; }
}
