namespace Cells.Compute.Hosts;

/// <summary>How much we trust a host, and when it was last heard (monotonic clock: wall time may jump).</summary>
/// <param name="Evacuated">An operator took it out of service (XenAPI: host.disable): however healthy, it is not up until it is given back.</param>
public sealed record HostHealth(HostStatus Status, TimeSpan LastSeen, bool Evacuated = false)
{
    /// <summary>Each host is asked this often, at its own address (PoolActor).</summary>
    public static readonly TimeSpan AskedEach = TimeSpan.FromSeconds(5);

    // One question may be lost; the second missing answer makes it down within 15 s of the last one heard.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(6);

    /// <summary>A host is trusted once it was heard, not before.</summary>
    public static HostHealth FirstSeen(TimeSpan at) => new(HostStatus.Suspect, at);

    /// <summary>Whether new instances may go there.</summary>
    public bool TakesInstances => Status == HostStatus.Up;

    public HostHealth On(HostEvent e) => e switch
    {
        HostEvent.Evacuated => this with { Evacuated = true, Status = Status == HostStatus.Down ? HostStatus.Down : HostStatus.Maintenance },
        HostEvent.Released r when Evacuated => new(HostStatus.Suspect, r.At),          // it must be heard first
        HostEvent.Heard h => this with { LastSeen = h.At, Status = Evacuated ? HostStatus.Maintenance : HostStatus.Up },
        // Out of service or not: one that dies is down, or nobody would look for it.
        HostEvent.Tick t when t.At - LastSeen > 2 * Silence && Status is HostStatus.Suspect or HostStatus.Maintenance => this with { Status = HostStatus.Down },
        HostEvent.Tick t when t.At - LastSeen > Silence && Status == HostStatus.Up => this with { Status = HostStatus.Suspect },
        _ => this,
    };
}

/// <summary>Numbers are stored: never reuse one.</summary>
public enum HostStatus
{
    Up = 1,
    Suspect = 2,
    Down = 3,

    /// <summary>Disabled by an operator (XenAPI: host.disable): what runs there goes on, nothing new goes there.</summary>
    Maintenance = 4,
}

/// <summary>What happens to a host's health. Times are of the monotonic clock.</summary>
public abstract record HostEvent
{
    private HostEvent() { }

    public sealed record Heard(TimeSpan At) : HostEvent;
    public sealed record Tick(TimeSpan At) : HostEvent;

    /// <summary>An operator took it out of service.</summary>
    public sealed record Evacuated : HostEvent;

    /// <summary>An operator gave it back.</summary>
    public sealed record Released(TimeSpan At) : HostEvent;
}
