using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Dispatch;

/// <summary>A question follows the dispatch to whoever holds the instance, and its answer comes back the same way. Neither leaves a row.</summary>
internal static partial class Dispatching
{
    private static Decision OnAsk(IReadOnlyList<DispatchRow> rows, AskInstance question, CellName? from, DispatchScene scene)
    {
        var row = from is null ? Newest(rows) : rows.FirstOrDefault(r => r.Epoch == question.Epoch);
        if (row is not null && row.Parent != from)
            return Decision.Refuse(Decision.Foreign);
        if (row is { State: DispatchState.Asking or DispatchState.Placed, Asked: { } child })
            return Decision.Answer(MailOf(child, question with { Epoch = row.Epoch }, question.Question));
        return from is { } sender
            ? Decision.Refuse(Decision.NotHeld, MailOf(sender, new InstanceTold(
                question.Instance, question.Epoch, question.Question, ToldOutcome.NotReady, $"No cell below {scene.Cell} holds the instance."), question.Question))
            : Decision.Refuse(Decision.NotHeld);
    }

    private static Decision OnTold(DispatchRow row, InstanceTold answer) => row.Parent is { } parent
        ? Decision.Answer(MailOf(parent, answer, answer.Question))
        : Decision.Nothing with { Told = answer };

    /// <summary>With a key of its own it waits behind nothing of its instance that is parked, and holds nothing back.</summary>
    private static Mail MailOf(CellName link, object message, Guid question) => new(link, message) { Key = $"question {question}" };
}
