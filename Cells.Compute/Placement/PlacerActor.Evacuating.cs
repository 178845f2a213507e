using Cells.Compute.Fencing;
using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Reconciling;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>
/// Hosts that are proved to run nothing, and what ran on them: from a disk that others see it starts there; otherwise it is built anew from its image, as the
/// next attempt, and what the dead host has of it is a leftover by that row.
/// </summary>
internal sealed partial class PlacerActor
{
    private readonly SortedDictionary<Guid, FenceProof> _proofs = [];

    // Ended in this life: one that is read while its end is being written does not count again.
    private readonly SortedSet<Guid> _proofsEnded = [];

    private bool IsHeard(HostId host) => _health.TryGetValue(host.Value, out var health) && health is HostStatus.Up or HostStatus.Maintenance;

    /// <summary>Null: it may go on now. Otherwise it waits, or has ended.</summary>
    private bool MayLeave(Entry entry, Instance row, Place place)
    {
        switch (MayEvacuate.Judge(place.HostName, _health.TryGetValue(place.Host.Value, out var health) ? health : null, _proofs.GetValueOrDefault(place.Host.Value)))
        {
            case EvacuationVerdict.No(var reason):
                EndAtPlace(entry, row, reason, null);
                return false;
            case EvacuationVerdict.Wait:
                return false;                                     // asked for again by the tick
            default:
                return true;
        }
    }

    /// <summary>Its disk is where nobody reaches it: another host, of whichever pool, builds it anew.</summary>
    private void BuildAnew(Entry entry, Instance row, Place lost, BuildInstance command, PlacementRequest request)
    {
        var freed = HeldBy(row);
        var decision = _inventory.Without(freed, () => ChooseHost.Decide(_setup.Cell, _inventory.Index, request with { Group = _groups.RuleFor(command) }, _setup.Policy));
        ComputeMeters.Chose(_setup.Cell, decision.Why);
        if (decision.Host is not { } host || _inventory.Find(host.Id) is not { } record)
        {
            if (!_inventory.Hosts.Any(h => h.Status == "suspect"))
                EndAtPlace(entry, row, NoRoom(decision.Why), decision.Why);
            return;
        }
        var next = Instances.BuildAnew.Begin(row, new Place(record.Pool, host.Id, host.Name, decision.Sr), decision.Why, _setup.Options.BuildDeadline, Now);
        var parts = ClaimOf.Parts(host.Id, decision.Sr, request);
        _inventory.Take(parts);
        _groups.Take(command, host.Id);
        Commit(
            entry,
            new Change(new ReleaseClaim(row.Id, row.Epoch), new MoveInstance(row, next, null), new TakeClaim(row.Id, row.Epoch, parts)),
            movesClaims: true,
            committed: () =>
            {
                _inventory.GiveBack(freed);
                Put(entry, next);
                ComputeTelemetry.BuiltAnew(_setup.Logger, row.Id, lost.HostName, host.Name, next.Attempt);
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

    /// <summary>No host would build it anew: the server stays in this cell, without a VM, and says why. It may be evacuated, wherever it is, or deleted.</summary>
    private void EndAnew(Entry entry, Instance before, Instance undone, PoolOwner owner)
    {
        var reason = undone.Story.Refusals[^1].Reason;
        var lost = undone with { VmState = VmState.Error, PowerState = PowerState.NoState, Actions = undone.Actions with { LateFrom = null } };
        var (next, answers) = TakeAction.End(lost, ActionOutcome.Failed, reason, null, Deadlines, Now);
        Commit(
            entry,
            new Change([new MoveInstance(before, next, Checked(owner)), .. Said(next, answers, null)]),
            movesClaims: false,
            committed: () =>
            {
                Put(entry, next);
                AfterActions(next, answers);
            },
            missed: () => Reread(entry, () => PerformAgain(entry)),
            unavailable: () => RetryLater(entry, () => PerformAgain(entry)));
    }

    /// <summary>
    /// A word that is new makes a proof; the one that counts ends with a word that names none. Which words were heard before the database knows: one whose
    /// proof has ended makes none again, and neither does one that was said while the host was heard.
    /// </summary>
    private IReadOnlyList<IWrite> ProofWrites(ConfigureHost setting)
    {
        var current = _proofs.GetValueOrDefault(setting.Host.Value);
        var end = current is { How: FenceProof.Operator } && current.Id != setting.Fence?.Id ? new EndFenceProof(current, Now, "the operator took the word back, or gave another") : null;
        IWrite? put = setting.Fence is { } word && current?.Id != word.Id ? new PutFenceProof(FenceProof.Of(setting.Host, word)) { RefusedAt = IsHeard(setting.Host) ? Now : null } : null;
        return [.. new[] { end, put }.OfType<IWrite>()];
    }

    /// <summary>What is heard may run something: whatever was proved of it before does not count any more.</summary>
    private void EndProofOf(HostId host)
    {
        if (!_proofs.Remove(host.Value, out var proof))
            return;
        _proofsEnded.Add(proof.Id);
        ComputeTelemetry.ProofEnded(_setup.Logger, host, proof.Who);
        End(proof, isShown: _inventory.Find(host) is not null);
    }

    /// <param name="isShown">The host has a row, which goes up again without the proof.</param>
    private void End(FenceProof proof, bool isShown)
    {
        IWrite[] touch = isShown ? [new TouchHost(proof.Host, Now)] : [];
        Show(new Change([new EndFenceProof(proof, Now, "the host was heard again"), .. touch]), outcome =>
        {
            if (outcome is CommitOutcome.Unavailable)
                Later(() => End(proof, isShown));
            else if (outcome is CommitOutcome.Missed)
                End(proof, isShown: false);                       // shown, and its row not written yet: it will be
        });
    }

    private void ReadProofsAgain() => PipeToSelf(
        ReadFenceProofs.CurrentAsync(_setup.Database, Stopping),
        proofs => new RetryNow(() => LoadProofs(proofs)),
        error => new RetryNow(() =>
        {
            ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, error.Message);
            Later(ReadProofsAgain);
        }));

    private void LoadProofs(IReadOnlyList<FenceProof> proofs)
    {
        _proofs.Clear();
        foreach (var proof in proofs.Where(p => !_proofsEnded.Contains(p.Id)))
            _proofs[proof.Host.Value] = proof;
        foreach (var proof in proofs.Where(p => IsHeard(p.Host)))
            EndProofOf(proof.Host);
    }

    /// <summary>
    /// A host that comes back may have what was started or built anew elsewhere: a copy that runs is ended at once. Everything else of it waits for the
    /// sweep, which acts on what it sees twice.
    /// </summary>
    private void EndRunningLeftovers(HostId host)
    {
        if (!_attached.TryGetValue(host.Value, out var at) || _pools.GetValueOrDefault(at.Owner.Pool.Value) is not { } pool || pool.Owner != at.Owner)
            return;
        foreach (var vm in pool.Vms.Values.Where(v => v.ResidentOn == host).ToList())
            EndIfLeftover(vm, at);
    }

    private void EndIfLeftover(VmObservation vm, HostAttached host)
    {
        if (vm.ResidentOn is null || RowOf(vm.Stamp.Instance) is not { } row || JudgeObject.Vm(row, vm.Stamp, vm.Vm, vm.Name) != ObjectVerdict.Leftover)
            return;
        ComputeTelemetry.Leftover(_setup.Logger, LeftoverKind.Vm, vm.Vm, vm.Stamp.Instance);
        host.Actor.Tell(new DestroyLeftover(LeftoverKind.Vm, vm.Vm, vm.Stamp), Self);
    }
}
