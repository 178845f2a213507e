using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>Deletes: the wish is committed first, then the workflow removes what carries the stamp, then the claim goes and the answer with it.</summary>
internal sealed partial class PlacerActor
{
    private void OnDelete(WorkReceived work, DeleteInstance command, IActorRef link) => Queued(EntryOf(command.Instance), () =>
    {
        Delete(EntryOf(command.Instance), work, command, link);
        Count(work.Link, work.Incarnation, work.Number);
    });

    private void Delete(Entry entry, WorkReceived work, DeleteInstance command, IActorRef link)
    {
        switch (AcceptDelete.Decide(entry.Row, command, work.Link, _setup.Options.DeleteDeadline, Now))
        {
            case DeleteAnswer.Bury(var tombstone, var before):
                Bury(entry, work, command, before, tombstone, link);
                break;
            case DeleteAnswer.AlreadyDone(var row):
                Answer(entry, work, new InstanceDeleted(command.Instance, command.Epoch, command.Intent, row.Generation), link);
                break;
            case DeleteAnswer.UnderWay:
                link.Tell(new WorkDone(work.Link, work.Number), Self);
                break;
            case DeleteAnswer.Begin(var wished):
                Begin(entry, work, command, wished, link);
                break;
        }
    }

    private void Bury(Entry entry, WorkReceived work, DeleteInstance command, Instance? before, Instance tombstone, IActorRef link)
    {
        var answer = new SendWork(
            work.Link, Key(tombstone.Id), new InstanceDeleted(tombstone.Id, command.Epoch, command.Intent, tombstone.Generation), work.TraceParent);
        IWrite? grave = before is not null ? new MoveInstance(before, tombstone, null)
            : _setup.Hooks.SkipTombstone ? null
            : new InsertInstance(tombstone);
        Commit(
            entry,
            grave is null ? new Change(answer) : new Change(grave, answer),
            movesClaims: false,
            committed: () =>
            {
                Put(entry, grave is null ? null : tombstone);
                link.Tell(new WorkDone(work.Link, work.Number), Self);
            },
            missed: () => Reread(entry, () => OnDelete(work, command, link)),
            unavailable: () => RetryLater(entry, () => OnDelete(work, command, link)));
    }

    private void Begin(Entry entry, WorkReceived work, DeleteInstance command, Instance wished, IActorRef link) => Commit(
        entry,
        new Change(new MoveInstance(entry.Row!, wished, null)),
        movesClaims: false,
        committed: () =>
        {
            Put(entry, wished);
            entry.TraceParent = Traces.On ? work.TraceParent : null;
            link.Tell(new WorkDone(work.Link, work.Number), Self);
            Perform(wished, maybeDone: true);
        },
        missed: () => Reread(entry, () => OnDelete(work, command, link)),
        unavailable: () => RetryLater(entry, () => OnDelete(work, command, link)));

    /// <summary>The planted bug of <see cref="ComputeHooks.SkipTombstone"/>: the tombstone goes before any parent has acknowledged it.</summary>
    private void Forget(Entry entry, Instance tombstone) => Commit(
        entry,
        new Change(new PurgeInstance(tombstone)),
        movesClaims: false,
        committed: () => Put(entry, null),
        missed: () => { },
        unavailable: () => { });

    /// <summary>Nothing of it is left: tombstone, claim and answer in one change.</summary>
    private void Finish(Entry entry, Instance before, Instance tombstone, PoolOwner owner)
    {
        var freed = HeldBy(before);
        Commit(
            entry,
            new Change(
                new ReleaseClaim(before.Id, tombstone.Epoch),
                new MoveInstance(before, tombstone, Checked(owner)),
                new SendWork(tombstone.Parent, Key(tombstone.Id), new InstanceDeleted(tombstone.Id, tombstone.Epoch, tombstone.DeleteIntent, tombstone.Generation), null)),
            movesClaims: true,
            committed: () =>
            {
                _inventory.GiveBack(freed);
                Put(entry, tombstone);
                if (_setup.Hooks.SkipTombstone)
                    Forget(entry, tombstone);
                ComputeTelemetry.Deleted(_setup.Logger, tombstone.Id);
            },
            missed: () => Reread(entry, () => PerformAgain(entry)),
            unavailable: () => RetryLater(entry, () => PerformAgain(entry)));
    }
}
