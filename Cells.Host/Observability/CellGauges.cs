using System.Diagnostics.Metrics;
using Cells.Messaging;
using Cells.Messaging.Links;

namespace Cells.Host.Observability;

/// <summary>The links of this process's cells as gauges: read when somebody asks for metrics, and never else.</summary>
internal sealed class CellGauges : IDisposable
{
    private readonly Meter _meter = new("Cells.Host");
    private IReadOnlyList<CellRuntime> _cells = [];

    public CellGauges()
    {
        Gauge("cells.links.up", "{link}", "1 while the neighbour is heard.", link => link.Health == NeighbourHealth.Up ? 1 : 0);
        Gauge("cells.links.silence", "s", "Since the neighbour was last heard; absent before the first time.", link => link.LastHeardAge?.TotalSeconds);
        Gauge("cells.links.outbox", "{message}", "Work given and not acknowledged.", link => link.OutboxBacklog);
        Gauge("cells.links.state_lag", "{change}", "Changes that the neighbour may lack.", link => link.StateLag);
        Gauge("cells.links.parked", "{message}", "Work that could not be handled and waits for an operator.", link => link.Parked);
    }

    public void Show(IReadOnlyList<CellRuntime> cells) => Volatile.Write(ref _cells, cells);

    public void Dispose() => _meter.Dispose();

    private void Gauge(string name, string unit, string description, Func<LinkStatus, double?> value) =>
        _meter.CreateObservableGauge(name, () => Measure(value), unit, description);

    private IEnumerable<Measurement<double>> Measure(Func<LinkStatus, double?> value) =>
        from cell in Volatile.Read(ref _cells).ToArray()
        from link in cell.Links.Status
        let now = value(link)
        where now is not null
        select new Measurement<double>(now.Value, new("cell", cell.Name.Value), new("neighbour", link.Neighbour.Value));
}
