using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>
/// What operators ask of cells below about themselves: it goes down by the way that the news name, and the answer comes back by the cells that it passed.
/// Nothing of it is kept; whoever asked waits a little.
/// </summary>
internal sealed partial class DispatchActor
{
    // A cell answers with one read; an operator looks at the screen.
    private static readonly TimeSpan CellPatience = TimeSpan.FromSeconds(10);

    private readonly SortedDictionary<Guid, IActorRef> _waitsForCell = [];

    private void ReceiveCellQuestions()
    {
        Receive<AskBelow>(OnAskBelow);
        Receive<CellAnswered>(m => SendAnswer(m.Told));
        Receive<QuestionSent>(m =>
        {
            if (m.Outcome is CommitOutcome.Unavailable)
                EndAsking(m.Question, new BelowTold(null, $"The database of cell {_parts.Cell} cannot take the question now."));
        });
        Receive<AskingOver>(m => EndAsking(m.Question, new BelowTold(null, $"Cell {m.Cell} did not answer within {CellPatience.TotalSeconds:0} s. What it was told may still be done: look again.")));
    }

    private void OnAskBelow(AskBelow asked)
    {
        var question = asked.Question;
        var known = _children.Reaches(_parts.Cell, _parts.Kind, _parts.Time.GetUtcNow()).Where(r => r.Cell == question.Cell).ToList();
        if (_children.WayTo(question.Cell) is not { } child || known.Count == 0)
        {
            Sender.Tell(new BelowTold(null, $"No cell '{question.Cell}' is known below cell {_parts.Cell}.") { IsUnknown = true });
        }
        else if (known.All(r => r.Silent))
        {
            Sender.Tell(new BelowTold(null, $"Cell {question.Cell} is silent: nothing was asked of it."));
        }
        else
        {
            _waitsForCell[question.Question] = Sender;
            Timers.StartSingleTimer(("cell question", question.Question), new AskingOver(question.Question, question.Cell), CellPatience);
            Send(child, question.Question, question with { Way = [_parts.Cell] });
        }
    }

    private void OnAskCell(AskCell question, Origin origin)
    {
        Finish(origin, failure: null);
        if (question.Cell == _parts.Cell)
            PipeToSelf(
                CellAnswers.AnswerAsync(question, _parts.Parked, Stopping),
                told => new CellAnswered(told),
                error => new CellAnswered(new CellTold(_parts.Cell, question.Question, question.Way, error.Message)));
        else if (_children.WayTo(question.Cell) is { } child)
            Send(child, question.Question, question with { Way = [.. question.Way, _parts.Cell] });
        else
            SendAnswer(new CellTold(question.Cell, question.Question, question.Way, $"Cell {_parts.Cell} knows no way to cell {question.Cell} now."));
    }

    private void OnCellTold(CellTold told, Origin origin)
    {
        Finish(origin, failure: null);
        if (told.Way is [var asker, ..] && asker == _parts.Cell)
            EndAsking(told.Question, new BelowTold(told, null));
        else
            SendAnswer(told with { Way = [.. told.Way.TakeWhile(cell => cell != _parts.Cell)] });
    }

    /// <summary>To the cell that the question came from: the last one of its way.</summary>
    private void SendAnswer(CellTold told)
    {
        if (told.Way is [.., var parent] && _parts.Parents.Contains(parent))
            Send(parent, told.Question, told);
        else
            DispatchTelemetry.NoWay(_parts.Log, _parts.Cell, told.Cell, CellAnswers.KeyOf(told.Question));
    }

    private void Send(CellName link, Guid question, object message) => PipeToSelf(
        _parts.Committer.CommitAsync(new Change(new SendWork(link, CellAnswers.KeyOf(question), message, null))),
        outcome => new QuestionSent(question, outcome),
        error => new QuestionSent(question, new CommitOutcome.Unavailable(error.Message)));

    /// <summary>Nobody may wait any more: then it is forgotten.</summary>
    private void EndAsking(Guid question, BelowTold told)
    {
        Timers.Cancel(("cell question", question));
        if (_waitsForCell.Remove(question, out var asker))
            asker.Tell(told);
    }

    /// <summary>From the admin API. Answered by <see cref="BelowTold"/>, always.</summary>
    internal sealed record AskBelow(AskCell Question);

    /// <param name="Problem">Why there is no answer.</param>
    internal sealed record BelowTold(CellTold? Told, string? Problem)
    {
        public bool IsUnknown { get; init; }
    }

    private sealed record CellAnswered(CellTold Told);
    private sealed record QuestionSent(Guid Question, CommitOutcome Outcome);
    private sealed record AskingOver(Guid Question, CellName Cell);
}
