using Cells.Compute.Pools;
using Cells.Compute.Reconciling;
using Cells.Compute.Showing;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Compute.Placement;

/// <summary>What parents see of pools and of drift: rows that are written when they change, and go up the state lane.</summary>
internal sealed partial class PlacerActor
{
    private readonly ShownRows _shown = new();

    // What was found at the last sweep: a difference that lasts is drift, one that a delete has just caused is not.
    private readonly SortedSet<string> _differences = new(StringComparer.Ordinal);

    private void LoadShown(IReadOnlyList<ShownRow> rows)
    {
        _shown.Load(rows);
        var configured = _setup.Options.Hosts.Select(login => login.Address.ToString()).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, _) in _shown.Wanted(PoolRow.Kind).Where(p => !configured.Contains(p.Key)).ToList())
            _shown.WantGone(PoolRow.Kind, key);
        // What drifted there is nobody's here any more, and no sweep will look for it.
        var pools = _shown.Wanted(PoolRow.Kind).Select(p => ((PoolRow)p.Row).Pool).ToHashSet();
        foreach (var (key, _) in _shown.Wanted(DriftRow.Kind).Where(d => !pools.Contains(((DriftRow)d.Row).Pool)).ToList())
            _shown.WantGone(DriftRow.Kind, key);
    }

    private void NotePool(PoolStatusChanged m)
    {
        var word = WordOf(m.Status);
        var before = _shown.Find<PoolRow>(PoolRow.Kind, m.PoolName) ?? new PoolRow(_setup.Cell, m.PoolName, 0, null, "", "", Now);
        _shown.Want(PoolRow.Kind, m.PoolName, before with
        {
            Pool = m.Pool ?? before.Pool,
            Status = word,
            Why = m.Reason,
            Since = word == before.Status ? before.Since : Now,
        });
    }

    /// <summary>The pool's own name for its rows is not known here: it is found by its uuid.</summary>
    private void NoteMembers(PoolId pool, HostId? coordinator)
    {
        foreach (var (key, row) in _shown.Wanted(PoolRow.Kind).Where(p => ((PoolRow)p.Row).Pool == pool).ToList())
            _shown.Want(PoolRow.Kind, key, (PoolRow)row with
            {
                Coordinator = coordinator is { } host ? _hostsShown.GetValueOrDefault(host.Value)?.Name : ((PoolRow)row).Coordinator,
                Members = [.. _hostsShown.Values.Where(h => h.Pool == pool).Select(h => h.Name).Order(StringComparer.Ordinal)],
            });
    }

    /// <summary>Of pools that are not connected nothing new is known: their rows stay as they are.</summary>
    private void ShowDrift(IEnumerable<DriftItem> found)
    {
        var ready = _pools.Where(p => p.Value.IsReady).Select(p => new PoolId(p.Key)).ToHashSet();
        var items = found.DistinctBy(DriftText.KeyOf).ToDictionary(DriftText.KeyOf, StringComparer.Ordinal);
        foreach (var (key, row) in _shown.Wanted(DriftRow.Kind).Where(d => ready.Contains(((DriftRow)d.Row).Pool) && !items.ContainsKey(d.Key)).ToList())
            _shown.WantGone(DriftRow.Kind, key);
        foreach (var (key, item) in items.Where(i => _differences.Contains(i.Key)))
        {
            var known = _shown.Find<DriftRow>(DriftRow.Kind, key);
            _shown.Want(DriftRow.Kind, key, DriftText.RowOf(_setup.Cell, item, known, Now));
        }
        _differences.Clear();
        _differences.UnionWith(items.Keys);
    }

    private void CommitShown()
    {
        foreach (var row in _shown.TakeDue(Now))
            Show(new PutShown(row), outcome =>
            {
                if (_shown.Ended(row, outcome))
                    ReadShownAgain();
            });
    }

    private void ReadShownAgain() => PipeToSelf(
        ReadShown.AllAsync(_setup.Database, Stopping),
        rows => new RetryNow(() => _shown.Load(rows)),
        error => new RetryNow(() =>
        {
            ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, error.Message);
            Later(ReadShownAgain);
        }));

    private static string WordOf(PoolStatus status) => status switch
    {
        PoolStatus.Connecting or PoolStatus.Fenced => "connecting",
        PoolStatus.Ready => "managed",
        PoolStatus.Refused => "refused",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "no such status"),
    };
}
