namespace Cells.Compute.Hosts;

/// <summary>How much we trust a host, and when it was last heard (monotonic clock: wall time may jump).</summary>
public sealed record HostHealth(HostStatus Status, TimeSpan LastSeen)
{
    /// <summary>Each host is asked this often, at its own address (PoolActor).</summary>
    public static readonly TimeSpan AskedEach = TimeSpan.FromSeconds(5);

    // One question may be lost; the second missing answer makes it down within 15 s of the last one heard.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(6);

    /// <summary>A host is trusted once it was heard, not before.</summary>
    public static HostHealth FirstSeen(TimeSpan at) => new(HostStatus.Suspect, at);

    /// <summary>Whether new instances may go there.</summary>
    public bool TakesInstances => Status == HostStatus.Up;

    public HostHealth On(HostEvent e) => (Status, e) switch
    {
        (_, HostEvent.Evacuated) => this with { Status = HostStatus.Maintenance },
        (HostStatus.Maintenance, HostEvent.Released r) => new(HostStatus.Suspect, r.At),
        (HostStatus.Maintenance, _) => this,                                    // only an operator ends it
        (_, HostEvent.Heard h) => new(HostStatus.Up, h.At),
        (HostStatus.Up, HostEvent.Tick t) when t.At - LastSeen > Silence => this with { Status = HostStatus.Suspect },
        (HostStatus.Suspect, HostEvent.Tick t) when t.At - LastSeen > 2 * Silence => this with { Status = HostStatus.Down },
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
