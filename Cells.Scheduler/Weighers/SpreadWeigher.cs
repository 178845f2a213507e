namespace Cells.Scheduler.Weighers;

/// <summary>The opposite of <see cref="PackWeigher"/>: the emptiest host first.</summary>
public sealed class SpreadWeigher : IHostWeigher
{
    private static readonly PackWeigher Pack = new();

    public string Name => "spread";

    public double Weigh(in HostShape host, PlacementRequest request) => -Pack.Weigh(host, request);
}
