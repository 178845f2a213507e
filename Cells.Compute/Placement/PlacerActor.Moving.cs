using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>
/// The step that is the placer's own: a second place is chosen over the hosts of the VM's pool, and its claim is committed with the row that goes on to the
/// next step. No room ends the action; the server is as it was.
/// </summary>
internal sealed partial class PlacerActor
{
    private void ChoosePlace(Entry entry)
    {
        if (entry.Busy)
            return;                                               // asked for again by the tick
        if (_rebuilding)
        {
            _afterRebuild.Enqueue(() => ChoosePlace(entry));
            return;
        }
        if (entry.Row is not { Work: { } work, Place: { } place, Command: { } command } row || !Steps.At(work).IsPlacers)
            return;
        // Without a VM it runs nowhere, whatever is heard: a former build anew undid what it had made, and only of a host that was proved to run nothing.
        if (work.Workflow == WorkflowKind.Evacuate && row.Vm is not null && !MayLeave(entry, row, place))
            return;
        switch (MoveOf.Of(row, _inventory.Find(place.Sr) is { Shared: true }))
        {
            case MoveAsked.Cannot(var reason):
                EndAtPlace(entry, row, reason, null);
                break;
            case MoveAsked.Anew(var request):
                BuildAnew(entry, row, place, command, request);
                break;
            case MoveAsked.To asked:
                ChoosePlace(entry, row, place, command, asked);
                break;
        }
    }

    private void ChoosePlace(Entry entry, Instance row, Place place, BuildInstance command, MoveAsked.To asked)
    {
        if (!_pools.TryGetValue(place.Pool.Value, out var pool) || !pool.IsReady)
            return;                                               // what its hosts have is not known just now
        var request = asked.Request with { Group = _groups.RuleFor(command) };
        var current = ClaimOf.Parts(place.Host, place.Sr, ClaimOf.RequestOf(command, []));
        // Its own host, where that will do, has to have the difference only.
        var decision = _inventory.Without(ClaimOf.OfHost(current), () => ChooseHost.Decide(_setup.Cell, _inventory.Index, request, _setup.Policy));
        ComputeMeters.Chose(_setup.Cell, decision.Why);
        if (decision.Host is not { } host || _inventory.Find(host.Id) is not { } record)
        {
            // A host that has not been heard yet, as after a start, is no host that has no room.
            if (!_inventory.Hosts.Any(h => h.Pool == place.Pool && h.Status == "suspect"))
                EndAtPlace(entry, row, NoRoom(decision.Why), decision.Why);
            return;
        }
        var sr = request.Move?.Disk ?? decision.Sr;
        var destination = new SecondPlace(new Place(record.Pool, host.Id, host.Name, sr), asked.Flavor, asked.HasDisk, asked.State);
        var work = row.Work! with { Step = row.Work.Step + 1 };
        var next = row.Changed(Now) with
        {
            Destination = destination,
            Work = work,
            TaskState = row.DeadlineAt is null ? row.TaskState : Steps.At(work).Shows,
            Actions = row.Actions with { Moved = new MovedBetween(place.HostName, host.Name, decision.Why) },
        };
        var parts = ClaimOf.Beyond(current, destination, command);
        _inventory.Take(parts);
        _groups.Take(command, place.Host, host.Id);
        Commit(
            entry,
            new Change([new MoveInstance(row, next, null), .. parts.Count > 0 ? (IWrite[])[new TakeClaim(row.Id, row.Epoch, parts, ClaimRole.Destination)] : []]),
            movesClaims: true,
            committed: () =>
            {
                Put(entry, next);
                ComputeTelemetry.GoesTo(_setup.Logger, row.Id, work.Workflow, place.HostName, host.Name);
                Perform(next, maybeDone: false);
            },
            missed: () =>
            {
                _inventory.GiveBack(parts);
                _groups.Follow(command, entry.Row);
                BeginRebuild();
                Reread(entry, () => PerformAgain(entry));
            },
            unavailable: () =>
            {
                _inventory.GiveBack(parts);
                _groups.Follow(command, entry.Row);
                RetryLater(entry, () => PerformAgain(entry));
            });
    }

    private void EndAtPlace(Entry entry, Instance row, string reason, Explanation? why)
    {
        NoteUnlessAsked(row, reason);
        var told = why is null ? row : row with { Actions = row.Actions with { Moved = new MovedBetween(row.Place?.HostName, null, why) } };
        var (next, answers) = TakeAction.End(told, ActionOutcome.Failed, reason, null, Deadlines, Now);
        Commit(
            entry,
            new Change([new MoveInstance(row, next, null), .. Said(next, answers, null)]),
            movesClaims: false,
            committed: () =>
            {
                Put(entry, next);
                AfterActions(next, answers);
            },
            missed: () => Reread(entry, () => PerformAgain(entry)),
            unavailable: () => RetryLater(entry, () => PerformAgain(entry)));
    }

    /// <summary>As Nova begins it, and then what would help.</summary>
    private static string NoRoom(Explanation why) => $"{View.NoValidHost} Of {why.Candidates} hosts none fits; {why.WouldFit} would. "
        + string.Join("; ", why.Removed.Select(r => $"{r.Filter}: {r.Count} ({string.Join(", ", r.Examples)})"));
}
