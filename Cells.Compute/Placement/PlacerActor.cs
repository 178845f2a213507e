using Cells.Compute.Fencing;
using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Nodes;
using Cells.Compute.Pools;
using Cells.Compute.Questions;
using Cells.Compute.Reconciling;
using Cells.Compute.Showing;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Compute.Placement;

/// <summary>
/// One per cell: decides about every instance row and every claim of the cell, over a picture in memory that is rebuilt from the database. Nobody hears
/// of a decision before it is committed. One change per instance is under way at a time; what comes meanwhile waits with the instance.
/// </summary>
internal sealed partial class PlacerActor : ReceiveActor
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1), RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly PlacerSetup _setup;
    private readonly Dictionary<InstanceId, Entry> _entries = [];
    private readonly SortedSet<Guid> _working = [];               // instances with a workflow
    private readonly Inventory _inventory;
    private readonly GroupPlaces _groups = new();
    private readonly Queue<Action> _afterRebuild = [];
    private int _claimChanges;                                    // changes under way that move claims
    private bool _rebuilding;
    private int _alive;
    private long _retries;

    public PlacerActor(PlacerSetup setup)
    {
        _setup = setup;
        _inventory = new Inventory(setup.Options.HostClass, setup.Options.Zone);

        Receive<Loaded>(OnLoaded);
        Receive<LoadFailed>(OnLoadFailed);
        Receive<LoadAgain>(_ => Load());
        ReceiveAny(_ => Stash.Stash());
    }

    protected override void PreStart() => Load();

    // What pools showed is lost with the former instance: their owners are asked to begin anew.
    protected override void PostRestart(Exception reason)
    {
        Parent.Tell(PlacerRestarted.Instance, Self);
        Load();
    }

    private DateTimeOffset Now => _setup.Time.GetUtcNow();

    private void Load() => PipeToSelf(
        LoadAsync(Stopping),
        loaded => loaded,
        error => new LoadFailed(error));

    private async Task<Loaded> LoadAsync(CancellationToken stop)
    {
        var inventory = await ReadInventory.AllAsync(_setup.Database, _setup.Cell, stop);
        return new Loaded(inventory, await ReadInstances.AllAsync(_setup.Database, stop), await ReadShown.AllAsync(_setup.Database, stop),
            await ReadFenceProofs.CurrentAsync(_setup.Database, stop));
    }

    private void OnLoadFailed(LoadFailed m)
    {
        ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, m.Error.Message);
        Timers.StartSingleTimer("load", LoadAgain.Instance, RetryAfter);
    }

    private void OnLoaded(Loaded m)
    {
        // Nothing is known of a host until its pool has shown it to this process; parents are told so too.
        _inventory.Load(m.Inventory with { Hosts = [.. m.Inventory.Hosts.Select(h => h.Status == "gone" ? h : h with { Status = "suspect" })] });
        var trusted = m.Inventory.Hosts.Where(h => h.Status == "up").ToList();
        if (trusted.Count > 0)
            Show(new Change([.. trusted.Select(h => new TouchHost(h.Id, Now, "suspect"))]));
        LoadShown(m.Shown);
        LoadProofs(m.Proofs);
        foreach (var (host, drain) in m.Inventory.Drains)
            _drains[host] = drain;
        foreach (var row in m.Instances)
            Put(EntryOf(row.Id), row);
        ComputeTelemetry.Loaded(_setup.Logger, _setup.Cell, _entries.Count, _working.Count, m.Inventory.Hosts.Count);

        Become(Ready);
        Timers.StartPeriodicTimer("tick", Tick.Instance, TickInterval);
        Timers.StartPeriodicTimer("sweep", Sweep.Instance, _setup.Options.SweepInterval);
        NewsAreDue();
        Stash.UnstashAll();
    }

    private void Ready()
    {
        Receive<WorkReceived>(m => m.Message is BuildInstance, m => OnBuild(m, (BuildInstance)m.Message, Sender));
        Receive<WorkReceived>(m => m.Message is DeleteInstance, m => OnDelete(m, (DeleteInstance)m.Message, Sender));
        Receive<WorkReceived>(m => m.Message is ActOnInstance, m => OnAct(m, (ActOnInstance)m.Message, Sender));
        Receive<WorkReceived>(m => m.Message is ConfigureHost, m => OnConfigureHost(m, (ConfigureHost)m.Message, Sender));
        Receive<WorkReceived>(m => m.Message is AskInstance, m => OnQuestion(m, (AskInstance)m.Message, Sender));
        Receive<QuestionAnswered>(Say);
        Receive<AnswerLeft>(OnAnswerLeft);
        Receive<WorkCounted>(m => Count(m.Link, m.Incarnation, m.Number));
        Receive<StepEnded>(OnStepEnded);
        Receive<HostAttached>(OnAttached);
        Receive<HostDetached>(OnDetached);
        Receive<PoolShown>(OnPoolShown);
        Receive<VmShown>(m => OnVmShown(m.Vm));
        Receive<VmGone>(OnVmGone);
        Receive<VdiShown>(m => OnVdiShown(m.Vdi));
        Receive<VdiGone>(m => OnVdiGone(m.Last));
        Receive<HostShown>(m => OnHostShown(m.Host));
        Receive<HostGone>(OnHostGone);
        Receive<SrShown>(m => OnSrShown(m.Sr));
        Receive<SrGone>(OnSrGone);
        Receive<HostHealthChanged>(OnHealth);
        Receive<OutsideUsage>(OnOutside);
        Receive<PoolStatusChanged>(OnPoolStatus);
        Receive<ChangeEnded>(OnChangeEnded);
        Receive<RowRead>(OnRowRead);
        Receive<RebuildRead>(OnRebuildRead);
        Receive<RetryNow>(m => m.Action());
        Receive<Tick>(_ => OnTick());
        Receive<Sweep>(_ => OnSweep());
        Receive<UnfinishedClonesFound>(OnUnfinishedClones);
        Receive<NewsDue>(_ => SendNews());
        Receive<CellNodes>(OnNodes);
        Receive<NeighbourChanged>(OnNeighbour);
        Receive<InspectCell>(_ => Sender.Tell(Inspect(), Self));
    }

    private Entry EntryOf(InstanceId id) => _entries.TryGetValue(id, out var entry) ? entry : _entries[id] = new Entry(id);

    /// <summary>Takes a committed row over.</summary>
    private void Put(Entry entry, Instance? row)
    {
        _alive += (row is { Released: false } ? 1 : 0) - (entry.Row is { Released: false } ? 1 : 0);
        _groups.Follow((row ?? entry.Row)?.Command, row);
        entry.Row = row;
        if (row is { Work: not null })
            _working.Add(entry.Id.Value);
        else
            _working.Remove(entry.Id.Value);
        if (row is null)
            _entries.Remove(entry.Id);
        NewsAreDue();
    }

    /// <summary>Runs now, or after the change that is under way for this instance.</summary>
    private static void Queued(Entry entry, Action action)
    {
        if (entry.Busy)
            entry.Waiting.Enqueue(action);
        else
            action();
    }

    /// <summary>Hands a change in. Exactly one of the three actions follows, on a later turn; the instance is busy until it is done.</summary>
    /// <param name="movesClaims">The inventory is not read back while it is under way.</param>
    private void Commit(Entry entry, Change change, bool movesClaims, Action committed, Action missed, Action unavailable)
    {
        entry.Busy = true;
        _claimChanges += movesClaims ? 1 : 0;
        PipeToSelf(
            _setup.Committer.CommitAsync(change),
            outcome => new ChangeEnded(this, entry, outcome, movesClaims, committed, missed, unavailable),
            error => throw new InvalidOperationException($"The committer gave no outcome for a change of instance {entry.Id}.", error));
    }

    private void OnChangeEnded(ChangeEnded m)
    {
        if (m.Of != this)
            return;                                               // of an earlier life: what it wrote has been read back
        m.Entry.Busy = false;
        _claimChanges -= m.MovesClaims ? 1 : 0;
        switch (m.Outcome)
        {
            case CommitOutcome.Committed:
                m.Committed();
                break;
            case CommitOutcome.Missed missed:
                ComputeTelemetry.Overtaken(_setup.Logger, string.Join(", ", missed.Writes.Select(w => w.Kind)));
                m.Missed();
                break;
            case CommitOutcome.Unavailable unavailable:
                ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, unavailable.Reason);
                m.Unavailable();
                break;
        }
        GoOn(m.Entry);
        RebuildWhenQuiet();
    }

    /// <summary>The instance is free again: what waited goes on, and then what its host showed meanwhile is judged.</summary>
    private void GoOn(Entry entry)
    {
        while (!entry.Busy && entry.Waiting.TryDequeue(out var next))
            next();
        if (!entry.Busy)
            JudgeShown(entry);
    }

    /// <summary>A guard said that the row is not what we thought: what the database says counts. The instance stays busy until then.</summary>
    private void Reread(Entry entry, Action then)
    {
        entry.Busy = true;
        PipeToSelf(
            ReadInstances.SomeAsync(_setup.Database, [entry.Id], Stopping),
            rows => new RowRead(this, entry, rows.Count > 0 ? rows[0] : null, then, null),
            error => new RowRead(this, entry, null, then, error));
    }

    private void OnRowRead(RowRead m)
    {
        if (m.Of != this)
            return;
        if (m.Error is { } error)
        {
            ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, error.Message);
            Later(() => Reread(m.Entry, m.Then));
            return;
        }
        m.Entry.Busy = false;
        Put(m.Entry, m.Row);
        if (m.Row is null)
            _entries[m.Entry.Id] = m.Entry;                       // unknown after all; it may be about to be made
        m.Then();
        GoOn(m.Entry);
    }

    /// <summary>Tries again while the database is away; the instance stays busy meanwhile.</summary>
    private void RetryLater(Entry entry, Action action)
    {
        entry.Busy = true;
        Later(() =>
        {
            entry.Busy = false;
            action();
            GoOn(entry);
        });
    }

    private void Later(Action action) => Timers.StartSingleTimer($"retry {_retries++}", new RetryNow(action), RetryAfter);

    /// <summary>The guard on a provider missed: the picture is wrong. No claim moves until it has been read again.</summary>
    private void BeginRebuild()
    {
        _rebuilding = true;
        RebuildWhenQuiet();
    }

    private void RebuildWhenQuiet()
    {
        if (!_rebuilding || _claimChanges > 0)
            return;
        _claimChanges++;                                          // one read at a time
        PipeToSelf(
            ReadInventory.AllAsync(_setup.Database, _setup.Cell, Stopping),
            rows => new RebuildRead(this, rows, null),
            error => new RebuildRead(this, null, error));
    }

    private void OnRebuildRead(RebuildRead m)
    {
        if (m.Of != this)
            return;
        _claimChanges--;
        if (m.Rows is not { } rows)
        {
            ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, m.Error!.Message);
            Later(RebuildWhenQuiet);
            return;
        }
        _inventory.LoadPromises(rows.Providers);
        _rebuilding = false;
        while (!_rebuilding && _afterRebuild.TryDequeue(out var next))
            next();
        NewsAreDue();
    }

    /// <summary>For what moves claims: runs now, or after the inventory has been read back.</summary>
    private void WithInventory(Action action)
    {
        if (_rebuilding)
            _afterRebuild.Enqueue(action);
        else
            action();
    }

    private sealed record Loaded(InventoryRows Inventory, IReadOnlyList<Instance> Instances, IReadOnlyList<ShownRow> Shown, IReadOnlyList<FenceProof> Proofs);

    private sealed record LoadFailed(Exception Error);

    private sealed record ChangeEnded(
        PlacerActor Of, Entry Entry, CommitOutcome Outcome, bool MovesClaims, Action Committed, Action Missed, Action Unavailable);

    private sealed record RowRead(PlacerActor Of, Entry Entry, Instance? Row, Action Then, Exception? Error);

    private sealed record RebuildRead(PlacerActor Of, InventoryRows? Rows, Exception? Error);

    private sealed record RetryNow(Action Action);

    private sealed record LoadAgain
    {
        public static readonly LoadAgain Instance = new();
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed record Sweep
    {
        public static readonly Sweep Instance = new();
    }

    /// <summary>An instance in memory.</summary>
    private sealed class Entry(InstanceId id)
    {
        public InstanceId Id { get; } = id;

        /// <summary>As committed; null for one that is only just being made.</summary>
        public Instance? Row { get; set; }

        /// <summary>A change of it is under way.</summary>
        public bool Busy { get; set; }

        public Queue<Action> Waiting { get; } = [];

        /// <summary>What its pool last said of its VM; null when nothing yet.</summary>
        public Observed? Observed { get; set; }

        /// <summary>W3C trace context of the request that its workflow works for; null when nobody traces, and after a restart.</summary>
        public string? TraceParent { get; set; }
    }

    /// <param name="Vm">Which VM this is about: a row that has another one by now is not judged by it.</param>
    /// <param name="Shown">Null: the pool has no such VM.</param>
    private sealed record Observed(PoolOwner Owner, Guid Vm, VmObservation? Shown);
}
