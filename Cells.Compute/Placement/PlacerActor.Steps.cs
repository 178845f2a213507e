using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Compute.Placement;

/// <summary>Workflows: each outcome is committed before the next step is asked for, and what is due is asked for again.</summary>
internal sealed partial class PlacerActor
{
    // A step that nobody performs (a host's actor restarted, a message lost) is asked for again after so many ticks.
    private const int TicksBetweenReminders = 5;

    private readonly SortedDictionary<Guid, HostAttached> _attached = [];
    private int _ticks;

    private ActionDeadlines Deadlines => ActionDeadlines.Of(_setup.Options);

    private void OnStepEnded(StepEnded m) => Queued(EntryOf(m.Key.Instance), () => WithInventory(() => Queued(EntryOf(m.Key.Instance), () => Advance(m))));

    private void Advance(StepEnded m)
    {
        var entry = EntryOf(m.Key.Instance);
        if (entry.Row is not { Work: not null } row || StepKey.Of(row) != m.Key)
            return;                                               // about a step that the row has left since: a delete came, say
        switch (AdvanceWorkflow.On(m.Passed.Aggregate(row, AdvanceWorkflow.Pass), m.Outcome, _setup.Cell, Deadlines, Now))
        {
            case Workflows.Advance.Continue(var next):
                Move(entry, row, next, [], m, () => Perform(next, maybeDone: false));
                break;
            case Workflows.Advance.Acted({ Row: var next, Answers: var answers }):
                NoteUnlessAsked(row, (m.Outcome as StepOutcome.Refused)?.Reason);
                Move(entry, row, next, answers, m, () => AfterActions(next, answers));
                break;
            case Workflows.Advance.Settled(var next):
                Move(entry, row, next, [], m, () =>
                {
                    entry.TraceParent = null;
                    ComputeTelemetry.Active(_setup.Logger, next.Id, next.Place?.HostName);
                });
                break;
            case Workflows.Advance.Undone(var undone):
                Replace(entry, row, undone, m.Owner);
                break;
            case Workflows.Advance.Deleted(var tombstone):
                Finish(entry, row, tombstone, m.Owner);
                break;
        }
    }

    private void Move(Entry entry, Instance before, Instance next, IReadOnlyList<InstanceActed> answers, StepEnded ended, Action then) => Commit(
        entry,
        new Change([.. KeptClaims(before, next), new MoveInstance(before, next, Checked(ended.Owner)), .. Said(next, answers, null)]),
        movesClaims: !HoldTheSame(before, next),
        committed: () =>
        {
            KeepPromises(before, next);
            Put(entry, next);
            then();
        },
        missed: () => Reread(entry, () => PerformAgain(entry)),
        unavailable: () => RetryLater(entry, () => OnStepEnded(ended)));

    private void Perform(Instance row, bool maybeDone)
    {
        if (row is not { Work: { } work, Place: { } place })
            return;
        if (Steps.At(work).IsPlacers)
            ChoosePlace(EntryOf(row.Id));
        else if (PerformerOf(place, work) is { } host)
            host.Actor.Tell(new PerformStep(row, maybeDone) { TraceParent = _entries.GetValueOrDefault(row.Id)?.TraceParent, SecondIsDown = SecondIsDown(row) }, Self);
        else if (IsGone(place))
            FindHome(row);
    }

    private bool SecondIsDown(Instance row) =>
        (row.Destination ?? row.Origin) is { Place.Host: var there } && (_inventory.Find(there) is null or { Status: "down" or "gone" });

    /// <summary>The row's own host; once that has left its pool, any member for what needs no host.</summary>
    private HostAttached? PerformerOf(Place place, Work work) => _attached.TryGetValue(place.Host.Value, out var own) ? own
        : !Steps.NeedsOf(work).HasFlag(Needs.Host) && IsGone(place) ? _attached.Values.FirstOrDefault(h => h.Owner.Pool == place.Pool)
        : null;

    private void PerformAgain(Entry entry)
    {
        if (entry.Row is { } row)
            Perform(row, maybeDone: true);
    }

    private void OnAttached(HostAttached m)
    {
        _attached[m.Host.Value] = m;
        EndRunningLeftovers(m.Host);
        foreach (var row in Working().Where(r => r.Place is { } place && (place.Host == m.Host || (place.Pool == m.Owner.Pool && IsGone(place)))))
            Perform(row, maybeDone: true);
    }

    private void OnDetached(HostDetached m)
    {
        if (_attached.TryGetValue(m.Host.Value, out var now) && Equals(now.Actor, m.Actor) && now.Owner == m.Owner)
            _attached.Remove(m.Host.Value);
    }

    private void OnTick()
    {
        _ticks++;
        foreach (var row in Working())
        {
            var entry = _entries[row.Id];
            if (entry.Busy)
                continue;
            if (AdvanceWorkflow.Late(row, Now) is { } late)
                ShowLate(entry, row, late);
            else if (_ticks % TicksBetweenReminders == 0)
                Perform(row, maybeDone: true);
        }
        LookAtDrains();
        ShowCapacity();
        TouchHosts();
        CommitShown();
        Purge();
    }

    private void ShowLate(Entry entry, Instance before, Instance late) => Commit(
        entry,
        new Change(new MoveInstance(before, late, null)),
        movesClaims: false,
        committed: () =>
        {
            Put(entry, late);
            ComputeTelemetry.Late(_setup.Logger, late.Id, late.Fault);
            Perform(late, maybeDone: true);
        },
        missed: () => Reread(entry, () => PerformAgain(entry)),
        unavailable: () => { });                                  // the next tick sees it again

    private List<Instance> Working() => [.. _working.Select(id => _entries[new InstanceId(id)].Row!)];
}
