namespace Cells.Messaging.Links;

/// <summary>What silence says about a neighbour's reachability, and nothing else. Times are of this cell's monotonic clock.</summary>
/// <param name="Since">When it came into this health.</param>
internal sealed record NeighbourWatch(NeighbourHealth Health, TimeSpan LastHeard, TimeSpan Since)
{
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Missed = 3 * Heartbeat;

    // A probe is answered at once; one heartbeat's time covers a way across a continent and a pause of the collector.
    private static readonly TimeSpan ProbeWait = Heartbeat;

    /// <summary>A neighbour is trusted once heard, not before.</summary>
    public static NeighbourWatch Silent(TimeSpan now) => new(NeighbourHealth.Down, now, now);

    /// <summary>True while it is asked directly at each tick.</summary>
    public bool Probes => Health == NeighbourHealth.Suspect;

    public NeighbourWatch Heard(TimeSpan at) => Health == NeighbourHealth.Up
        ? this with { LastHeard = at }
        : new NeighbourWatch(NeighbourHealth.Up, at, at);

    public NeighbourWatch Tick(TimeSpan at) => Health switch
    {
        NeighbourHealth.Up when at - LastHeard > Missed => this with { Health = NeighbourHealth.Suspect, Since = at },
        NeighbourHealth.Suspect when at - Since >= ProbeWait => this with { Health = NeighbourHealth.Down, Since = at },
        _ => this,
    };
}
