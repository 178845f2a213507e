namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>How long to wait before the next connection: doubles with each short-lived one, up to a bound.</summary>
internal readonly record struct BackOff(TimeSpan Wait)
{
    // A broker that restarts is away for some seconds; a heartbeat is lost after three.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(5);

    // One that lasted as long was good: its loss is a new story.
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);

    public static BackOff First => new(Least);

    public BackOff After(TimeSpan lasted) => lasted >= Lasting ? First : new BackOff(Wait * 2 < Most ? Wait * 2 : Most);
}
