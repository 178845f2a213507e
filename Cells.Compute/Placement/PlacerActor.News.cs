using Cells.Compute.Nodes;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using Cells.Scheduler.Capacity;

namespace Cells.Compute.Placement;

/// <summary>News for the parents: what is free, and which work messages that counts.</summary>
internal sealed partial class PlacerActor
{
    // News may be lost: without a change they are repeated so often.
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(5);

    private readonly SortedDictionary<CellName, (long Incarnation, WorkCounter Counter)> _counters = [];

    private void Count(CellName link, long incarnation, long number)
    {
        // Numbers begin anew with each incarnation of the link.
        if (!_counters.TryGetValue(link, out var known) || known.Incarnation != incarnation)
            _counters[link] = known = (incarnation, new WorkCounter());
        known.Counter.Count(number);
        NewsAreDue();
    }

    private long CountedUpTo(CellName parent)
    {
        var done = _setup.Links.Status.FirstOrDefault(l => l.Neighbour == parent)?.WorkInWatermark ?? 0;
        if (!_counters.TryGetValue(parent, out var known))
            return done;
        known.Counter.AtLeast(done);
        return known.Counter.UpTo;
    }

    private void NewsAreDue()
    {
        if (!_newsDue)
            Timers.StartSingleTimer("news", NewsDue.Instance, _setup.Options.NewsInterval);
        _newsDue = true;
    }

    private void OnNeighbour(NeighbourChanged m)
    {
        if (m is { Kind: NeighbourKind.Parent, Health: NeighbourHealth.Up })
            NewsAreDue();
    }

    private void SendNews()
    {
        _newsDue = false;
        var hosts = _inventory.Hosts.Where(h => h.Status != "gone").ToList();
        ComputeMeters.ShowHosts(_setup.Cell, hosts);
        var self = new ReachedCell(_setup.Cell, null, CellKind.Compute, hosts.Count, hosts.Count(h => h.Status == "up"), _alive, Silent: false) { Nodes = _nodes };
        foreach (var parent in _setup.Parents)
            _setup.Links.Send(new SendNews(parent, new CellNews(
                _setup.Cell, CellKind.Compute, Summarise.Of(_inventory.Index, CountedUpTo(parent)), [self])));
        Timers.StartSingleTimer("news", NewsDue.Instance, Repeat);
    }

    private void OnNodes(CellNodes m)
    {
        _nodes = m.Nodes;
        NewsAreDue();
    }

    private IReadOnlyList<CellNode>? _nodes;
    private bool _newsDue;

    private sealed record NewsDue
    {
        public static readonly NewsDue Instance = new();
    }
}
