using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Messaging.Storage;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>
/// Instances whose host has left its pool while they were off (ejected, or forgotten). What needs no host is done through any member; what is to run
/// again gets a member that sees its disk, and its claim goes there first.
/// </summary>
internal sealed partial class PlacerActor
{
    /// <summary>Its pool, which is there, says that it has no such host: that is its word, not silence.</summary>
    private bool IsGone(Place place) =>
        _pools.GetValueOrDefault(place.Pool.Value) is { IsReady: true } && !_hostsShown.ContainsKey(place.Host.Value);

    private void FindHome(Instance row)
    {
        var entry = EntryOf(row.Id);
        Queued(entry, () => WithInventory(() => Queued(entry, () =>
        {
            if (entry.Row is { Work: { } work, Place: { } place } now && now.Generation == row.Generation && PerformerOf(place, work) is null && IsGone(place))
                Rehome(entry, now, place, work);
        })));
    }

    private void Rehome(Entry entry, Instance row, Place place, Work work)
    {
        var owner = _pools[place.Pool.Value].Owner;
        if (work.Workflow == WorkflowKind.Build)
        {
            // Nothing of it has run there: it is undone and tried elsewhere, as after any other no.
            Advance(new StepEnded(StepKey.Of(row), [], new StepOutcome.Refused("host_gone", "the host has left its pool"), owner));
            return;
        }
        var command = row.Command!;
        var request = ClaimOf.RequestOf(command, []) with
        {
            DiskBytes = 0,                                        // its disk stays where it is
            Group = _groups.RuleFor(command),
            Move = new MoveRule(place.Pool, place.Host, place.Sr, null),
        };
        var decision = ChooseHost.Decide(_setup.Cell, _inventory.Index, request, _setup.Policy);
        if (decision.Host is not { } host || _inventory.Find(host.Id) is not { } record)
        {
            var reason = $"the host has left its pool, and no other member that sees its disk takes it; {decision.Why.WouldFit} would";
            Advance(new StepEnded(StepKey.Of(row), [], new StepOutcome.Refused("no_valid_host", reason), owner));
            return;
        }
        MoveHome(entry, row, place with { Host = record.Id, HostName = record.Name }, request, owner);
    }

    /// <summary>Of an instance that is off, or nowhere: the place is another from this change on, with the claim on its host. Its disk stays.</summary>
    private void MoveHome(Entry entry, Instance row, Place to, PlacementRequest request, PoolOwner owner)
    {
        var command = row.Command!;
        var next = row.Changed(Now) with { Place = to };
        var taken = ClaimOf.OfHost(ClaimOf.Parts(to.Host, to.Sr, request));
        var kept = ClaimOf.Held(next).Where(h => h.Role != ClaimRole.Current || !taken.Contains(h.Part)).ToList();
        _inventory.Take(taken);
        _groups.Take(command, to.Host);
        Commit(
            entry,
            new Change(
                new ReleaseClaim(row.Id, row.Epoch), new KeepClaim(row.Id, row.Epoch, kept), new TakeClaim(row.Id, row.Epoch, taken),
                new MoveInstance(row, next, Checked(owner))),
            movesClaims: true,
            committed: () =>
            {
                _inventory.GiveBack(taken);
                KeepPromises(row, next);
                Put(entry, next);
                ComputeTelemetry.Rehomed(_setup.Logger, next.Id, row.Place!.HostName, to.HostName);
                Perform(next, maybeDone: true);
            },
            missed: () =>
            {
                _inventory.GiveBack(taken);
                _groups.Follow(command, entry.Row);
                BeginRebuild();
                Reread(entry, () => PerformAgain(entry));
            },
            unavailable: () =>
            {
                _inventory.GiveBack(taken);
                _groups.Follow(command, entry.Row);
                RetryLater(entry, () => PerformAgain(entry));
            });
    }
}
