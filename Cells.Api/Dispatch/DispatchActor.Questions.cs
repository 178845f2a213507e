using Cells.Contracts.Messages;
using Cells.Messaging.Actors;

namespace Cells.Api.Dispatch;

/// <summary>Questions about instances: on their way they are routed as commands are, and at the home somebody waits a little for each.</summary>
internal sealed partial class DispatchActor
{
    // A console log is one call to a host that answers in milliseconds; a client's own patience is half a minute.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(15);

    private readonly SortedDictionary<Guid, IActorRef> _waitsForAnswer = [];

    private void ReceiveQuestions()
    {
        Receive<AskServer>(m =>
        {
            _waitsForAnswer[m.Question.Question] = Sender;
            Timers.StartSingleTimer(("question", m.Question.Question), new QuestionOver(m.Question.Question), AnswerPatience);
            Enqueue(new Job(new DispatchEvent.Ask(m.Question, From: null), m.TraceParent, new Asker(Sender, [], AnswerPatience, m.Question.Question)));
        });
        Receive<QuestionOver>(m =>
        {
            if (_waitsForAnswer.Remove(m.Question, out var asker))
                asker.Tell(new DispatchOutcome.Silent(AnswerPatience));
        });
    }

    /// <summary>A question that has left is answered when its answer comes; every other outcome is the answer.</summary>
    private void Answer(Asker asker, object outcome)
    {
        if (asker.Question is not { } question)
            asker.Who.Tell(outcome);
        else if (outcome is not DispatchOutcome.Ended { Outcome: Messaging.Storage.CommitOutcome.Committed })
            Over(question)?.Tell(outcome);
    }

    /// <summary>Nobody may wait any more: then it is forgotten.</summary>
    private void Tell(InstanceTold told) => Over(told.Question)?.Tell(new DispatchOutcome.Told(told));

    private IActorRef? Over(Guid question)
    {
        Timers.Cancel(("question", question));
        return _waitsForAnswer.Remove(question, out var asker) ? asker : null;
    }

    /// <summary>From the door.</summary>
    internal sealed record AskServer(AskInstance Question, string? TraceParent);

    private sealed record QuestionOver(Guid Question);
}
