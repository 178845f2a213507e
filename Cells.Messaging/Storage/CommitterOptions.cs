namespace Cells.Messaging.Storage;

public sealed record CommitterOptions
{
    /// <summary>Changes in one transaction. Beyond some hundreds a group only gets slower to answer, not cheaper per change (limits of unnest).</summary>
    public int MaxGroup { get; init; } = 500;

    /// <summary>Changes handed in and not yet ended, in all. One more is refused at once: that is the back-pressure to the door.</summary>
    public int MaxWaiting { get; init; } = 10_000;

    /// <summary>Doubles with each attempt, up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Attempts at one group before everything that waits is answered Unavailable; some 4 s with the delays above. A lost answer is looked up
    /// without end: until it is known, nothing true can be said.
    /// </summary>
    public int MaxAttempts { get; init; } = 8;

    internal TimeSpan DelayAfter(int attempts) =>
        TimeSpan.FromTicks(Math.Min(MaxRetryDelay.Ticks, FirstRetryDelay.Ticks << Math.Min(attempts - 1, 20)));
}
