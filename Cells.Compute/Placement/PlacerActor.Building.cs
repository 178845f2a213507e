using System.Diagnostics;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>Builds: a first host, another host after a failed attempt, or the right to run given back.</summary>
internal sealed partial class PlacerActor
{
    private void OnBuild(WorkReceived work, BuildInstance command, IActorRef link) =>
        Queued(EntryOf(command.Instance), () => WithInventory(() => Queued(EntryOf(command.Instance), () => Build(work, command, link))));

    private void Build(WorkReceived work, BuildInstance command, IActorRef link)
    {
        var entry = EntryOf(command.Instance);
        switch (AnswerBuild.Decide(entry.Row, command, _setup.Hooks))
        {
            case BuildAnswer.Place:
                Place(entry, work, command, link);
                break;
            case BuildAnswer.SayPlaced:
                Answer(entry, work, Placed(entry.Row!, command.Intent), link);
                break;
            case BuildAnswer.SayFailed:
                Answer(entry, work, new PlacementFailed(command.Instance, command.Epoch, command.Intent, entry.Row!.Generation, entry.Row.Story.Refusals), link);
                break;
            case BuildAnswer.SayDeleted:
                Answer(entry, work, new InstanceDeleted(command.Instance, command.Epoch, command.Intent, entry.Row!.Generation), link);
                break;
            case BuildAnswer.RefuseOld:
                Answer(entry, work, Refused(command, entry.Row!, "old_epoch", $"cell {_setup.Cell} holds epoch {entry.Row!.Epoch} of it, {command.Epoch} was asked"), link);
                break;
            case BuildAnswer.RefuseAlive:
                Answer(entry, work, Refused(command, entry.Row!, "still_here",
                    $"cell {_setup.Cell} still holds epoch {entry.Row!.Epoch} of it, which only its own answer ends"), link);
                break;
        }
        Count(work.Link, work.Incarnation, work.Number);
    }

    private void Place(Entry entry, WorkReceived work, BuildInstance command, IActorRef link)
    {
        var request = ClaimOf.RequestOf(command, []) with { Group = _groups.RuleFor(command) };
        var span = BeginSpan("place", work.TraceParent, command.Instance);
        var decision = ChooseHost.Decide(_setup.Cell, _inventory.Index, request, _setup.Policy);
        ComputeMeters.Chose(_setup.Cell, decision.Why);
        if (decision.Host is not { } host || _inventory.Find(host.Id) is not { } record)
        {
            Refuse(entry, work with { TraceParent = span?.Id ?? work.TraceParent }, command, decision.Why, link);
            Traces.End(span, "no host fits");
            return;
        }
        entry.TraceParent = span?.Id;
        var row = FirstRow(command, work.Link) with
        {
            Place = new Place(record.Pool, host.Id, host.Name, decision.Sr),
            Work = new Work(WorkflowKind.Build, 0, Undoing: false, Interrupted: null),
            TaskState = Steps.Build[0].Shows,
            Attempt = 1,
            Story = Story.Empty with { Why = [decision.Why] },
            DeadlineAt = Now + _setup.Options.BuildDeadline,
        };
        var parts = ClaimOf.Parts(host.Id, decision.Sr, request);
        _inventory.Take(parts);
        _groups.Take(command, host.Id);
        Commit(
            entry,
            new Change(
                new InsertInstance(row, AnyEpoch(entry, command)),
                new TakeClaim(row.Id, row.Epoch, parts),
                new SendWork(work.Link, Key(row.Id), Placed(row, command.Intent), span?.Id ?? work.TraceParent)),
            movesClaims: true,
            committed: () =>
            {
                Traces.End(span);
                Put(entry, row);
                ComputeTelemetry.Placed(_setup.Logger, row.Id, host.Name, 1);
                link.Tell(new WorkDone(work.Link, work.Number), Self);
                Perform(row, maybeDone: false);
            },
            missed: () =>
            {
                Traces.End(span, "overtaken");
                _inventory.GiveBack(parts);
                _groups.Follow(command, entry.Row);
                BeginRebuild();
                Reread(entry, () => OnBuild(work, command, link));
            },
            unavailable: () =>
            {
                Traces.End(span, "the database takes no writes now");
                _inventory.GiveBack(parts);
                _groups.Follow(command, entry.Row);
                RetryLater(entry, () => OnBuild(work, command, link));
            });
    }

    /// <summary>No room: the tombstone that answers a repeated command, and the refusal, in one change.</summary>
    private void Refuse(Entry entry, WorkReceived work, BuildInstance command, Explanation why, IActorRef link)
    {
        var refusal = new Refusal(_setup.Cell, "no_valid_host", $"cell {_setup.Cell}: none of {why.Candidates} hosts fits; {why.WouldFit} would", why);
        var row = FirstRow(command, work.Link) with
        {
            VmState = VmState.Error,
            AppliedIntent = command.Intent,
            Released = true,
            Story = new Story([], [why], [refusal]),
            Fault = refusal.Reason,
        };
        Commit(
            entry,
            new Change(
                new InsertInstance(row, AnyEpoch(entry, command)),
                new SendWork(work.Link, Key(row.Id), Failed(row, command.Intent), work.TraceParent)),
            movesClaims: false,
            committed: () =>
            {
                Put(entry, row);
                ComputeTelemetry.RefusedInstance(_setup.Logger, row.Id, refusal.Reason);
                link.Tell(new WorkDone(work.Link, work.Number), Self);
            },
            missed: () => Reread(entry, () => OnBuild(work, command, link)),
            unavailable: () => RetryLater(entry, () => OnBuild(work, command, link)));
    }

    /// <summary>An attempt was undone: another host under the same epoch, or the right to run goes back up. The old claim goes in the same change.</summary>
    private void Replace(Entry entry, Instance before, Instance undone, PoolOwner owner)
    {
        var command = undone.Command!;
        var tried = undone.Story.Tried.Append(undone.Place!.Host).ToList();
        var request = ClaimOf.RequestOf(command, tried) with { Group = _groups.RuleFor(command) };
        var decision = Instances.BuildAnew.MayTryAgain(undone, _setup.Options.AttemptsPerEpoch)
            ? ChooseHost.Decide(_setup.Cell, _inventory.Index, request, _setup.Policy)
            : null;
        if (decision is not null)
            ComputeMeters.Chose(_setup.Cell, decision.Why);
        var why = decision is null ? undone.Story.Why : [.. undone.Story.Why, decision.Why];
        var freed = HeldBy(before);
        if (decision is not { Host: { } host } || _inventory.Find(host.Id) is not { } record)
        {
            // What ran here before is not given back: the home asked this cell alone.
            if (undone.Actions.Current is not null)
            {
                EndAnew(entry, before, undone with { Story = undone.Story with { Why = why } }, owner);
                return;
            }
            var failed = undone with
            {
                Place = null,
                VmState = VmState.Error,
                TaskState = TaskState.None,
                AppliedIntent = Math.Max(undone.AppliedIntent, undone.WorkingIntent),
                Released = true,
                DeadlineAt = null,
                Story = undone.Story with { Tried = tried, Why = why },
                Fault = undone.Story.Refusals[^1].Reason,
            };
            GiveUp(entry, before, failed, freed, owner);
            return;
        }
        var next = undone with
        {
            Place = new Place(record.Pool, host.Id, host.Name, decision.Sr),
            Work = new Work(WorkflowKind.Build, 0, Undoing: false, Interrupted: null, Note: before.Work?.Note),
            TaskState = Steps.Build[0].Shows,
            Attempt = undone.Attempt + 1,
            Story = undone.Story with { Tried = tried, Why = why },
        };
        var parts = ClaimOf.Parts(host.Id, decision.Sr, request);
        _inventory.Take(parts);
        _groups.Take(command, host.Id);
        Commit(
            entry,
            new Change(new ReleaseClaim(next.Id, next.Epoch), new MoveInstance(before, next, Checked(owner)), new TakeClaim(next.Id, next.Epoch, parts),
                new SendWork(next.Parent, Key(next.Id), Placed(next, command.Intent), null)),
            movesClaims: true,
            committed: () =>
            {
                _inventory.GiveBack(freed);
                Put(entry, next);
                ComputeTelemetry.Placed(_setup.Logger, next.Id, host.Name, next.Attempt);
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

    private void GiveUp(Entry entry, Instance before, Instance failed, IReadOnlyList<ClaimPart> freed, PoolOwner owner) => Commit(
        entry,
        new Change(
            new ReleaseClaim(failed.Id, failed.Epoch),
            new MoveInstance(before, failed, Checked(owner)),
            new SendWork(failed.Parent, Key(failed.Id), Failed(failed, failed.Command!.Intent), null)),
        movesClaims: true,
        committed: () =>
        {
            _inventory.GiveBack(freed);
            Put(entry, failed);
            ComputeTelemetry.RefusedInstance(_setup.Logger, failed.Id, failed.Fault ?? "");
        },
        missed: () => Reread(entry, () => PerformAgain(entry)),
        unavailable: () => RetryLater(entry, () => PerformAgain(entry)));

    /// <summary>An answer that changes nothing here: sent again because its command came again.</summary>
    private void Answer(Entry entry, WorkReceived work, IInstanceAnswer answer, IActorRef link) => Commit(
        entry,
        new Change(new SendWork(work.Link, Key(answer.Instance), answer, work.TraceParent)),
        movesClaims: false,
        committed: () => link.Tell(new WorkDone(work.Link, work.Number), Self),
        missed: () => throw new InvalidOperationException("An answer has no guard that could miss."),
        unavailable: () => RetryLater(entry, () => Answer(entry, work, answer, link)));

    private Instance FirstRow(BuildInstance command, CellName parent) => new(
        command.Instance, command.Project, command.Name, parent, command, command.Epoch, command.GenerationFloor + 1, null, null,
        VmState.Building, TaskState.Scheduling, PowerState.NoState, command.Intent, 0, 0, false, null, 0, Story.Empty, null, null, null, Now);

    private InstancePlaced Placed(Instance row, long intent) => new(
        row.Id, row.Epoch, intent, _setup.Cell, row.Place?.Host ?? default, row.Place?.HostName ?? "", row.Story.Why,
        row.Story.Refusals is { Count: > 0 } refusals ? refusals : null);

    private static PlacementFailed Failed(Instance row, long intent) => new(row.Id, row.Epoch, intent, row.Generation, row.Story.Refusals);

    private PlacementFailed Refused(BuildInstance command, Instance known, string code, string reason) => new(
        command.Instance, command.Epoch, command.Intent, command.Epoch == known.Epoch ? known.Generation : command.GenerationFloor,
        [new Refusal(_setup.Cell, code, reason, null)]);

    private Activity? BeginSpan(string name, string? parent, InstanceId instance) =>
        Traces.Begin(name, ActivityKind.Consumer, parent)?.SetTag("cells.cell", _setup.Cell.Value).SetTag("cells.instance", instance.ToString());

    private static string Key(InstanceId instance) => instance.ToString();

    private bool AnyEpoch(Entry entry, BuildInstance command) =>
        entry.Row is not null && ((_setup.Hooks.DropEpochCheck && entry.Row.Epoch >= command.Epoch) || (_setup.Hooks.SkipTombstone && entry.Row.IsDeleted));

    private PoolOwner? Checked(PoolOwner owner) => _setup.Hooks.DropEpochCheck ? null : owner;
}
