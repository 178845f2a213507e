using Cells.Compute.Questions;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Compute.Placement;

/// <summary>Questions about instances: the row says which host is asked. Nothing is kept of them, so a crash loses one, and its asker asks again.</summary>
internal sealed partial class PlacerActor
{
    private void OnQuestion(WorkReceived work, AskInstance question, IActorRef link)
    {
        link.Tell(new WorkDone(work.Link, work.Number), Self);
        Count(work.Link, work.Incarnation, work.Number);
        if (RowOf(question.Instance) is not { Released: false } row || row.Epoch != question.Epoch)
            Say(new QuestionAnswered(work.Link, Not(question, ToldOutcome.NotReady, $"Cell {_setup.Cell} does not hold epoch {question.Epoch} of it.")));
        else if (row is not { Place: { } place, Vm: not null })
            Say(new QuestionAnswered(work.Link, Not(question, ToldOutcome.NotReady, "It has no VM yet.")));
        else if (!_attached.TryGetValue(place.Host.Value, out var host))
            Say(new QuestionAnswered(work.Link, Not(question, ToldOutcome.Away, $"Host {place.HostName} is not connected.")));
        else
            host.Actor.Tell(new AnswerQuestion(row, question, work.Link), Self);
    }

    private static InstanceTold Not(AskInstance question, ToldOutcome outcome, string reason) => AnswerQuestion.Not(question, outcome, reason);

    private void Say(QuestionAnswered m) => PipeToSelf(
        _setup.Committer.CommitAsync(new Change(new SendWork(m.Link, $"question {m.Answer.Question}", m.Answer, null))),
        outcome => new AnswerLeft(outcome),
        error => throw new InvalidOperationException($"The committer gave no outcome for the answer to question {m.Answer.Question}.", error));

    /// <summary>One that could not leave is not sent later: by then its asker has been told that nothing came.</summary>
    private void OnAnswerLeft(AnswerLeft m)
    {
        if (m.Outcome is CommitOutcome.Unavailable away)
            ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, away.Reason);
    }

    private sealed record AnswerLeft(CommitOutcome Outcome);
}
