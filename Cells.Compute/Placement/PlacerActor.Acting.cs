using Cells.Compute.Instances;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Compute.Placement;

/// <summary>Actions after the build: each is taken into the instance's row, durable before it is begun, and its answer goes with the row that ends it.</summary>
internal sealed partial class PlacerActor
{
    private void OnAct(WorkReceived work, ActOnInstance command, IActorRef link) => Queued(EntryOf(command.Instance), () =>
    {
        Act(EntryOf(command.Instance), work, command, link);
        Count(work.Link, work.Incarnation, work.Number);
    });

    private void Act(Entry entry, WorkReceived work, ActOnInstance command, IActorRef link)
    {
        switch (TakeAction.Decide(entry.Row, command, _setup.Hooks, Deadlines, Now))
        {
            case TakenAction.Say(var answer):
                Answer(entry, work, answer, link);
                break;
            case TakenAction.UnderWay:
                link.Tell(new WorkDone(work.Link, work.Number), Self);
                break;
            case TakenAction.Take(var next, var answers):
                Commit(
                    entry,
                    new Change([new MoveInstance(entry.Row!, next, null), .. Said(next, answers, work.TraceParent)]),
                    movesClaims: false,
                    committed: () =>
                    {
                        var begun = entry.Row!.Work is null;
                        Put(entry, next);
                        link.Tell(new WorkDone(work.Link, work.Number), Self);
                        if (!begun)
                            return;
                        entry.TraceParent = Traces.On ? work.TraceParent : null;
                        AfterActions(next, answers);
                    },
                    missed: () => Reread(entry, () => OnAct(work, command, link)),
                    unavailable: () => RetryLater(entry, () => OnAct(work, command, link)));
                break;
        }
    }

    /// <summary>What has ended is told to people, and what has begun to its host.</summary>
    private void AfterActions(Instance row, IReadOnlyList<InstanceActed> answers)
    {
        foreach (var answer in answers)
            ComputeTelemetry.Acted(_setup.Logger, row.Id, answer.Intent, answer.Outcome, answer.Reason);
        Perform(row, maybeDone: false);
    }

    private static IEnumerable<IWrite> Said(Instance row, IReadOnlyList<InstanceActed> answers, string? traceParent) =>
        answers.Select(answer => new SendWork(row.Parent, Key(row.Id), answer, traceParent));
}
