namespace Cells.Scheduler.Weighers;

/// <summary>Gives a candidate a value; more is better. Values of one request are normalised to 0..1 before they are multiplied and summed.</summary>
public interface IHostWeigher
{
    string Name { get; }
    double Weigh(in HostShape host, PlacementRequest request);
}
