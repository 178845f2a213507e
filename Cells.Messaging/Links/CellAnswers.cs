using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Messaging.Links;

/// <summary>What every kind of cell answers when an operator asks it about its own links.</summary>
public static class CellAnswers
{
    /// <summary>The key of a question's messages: it waits behind nothing that is parked, and holds nothing back.</summary>
    public static string KeyOf(Guid question) => $"cell question {question}";

    /// <summary>Does what is asked. A database that is away, or a link that is not there, is a problem of the answer and no exception.</summary>
    public static async Task<CellTold> AnswerAsync(AskCell asked, IParkedMessages parked, CancellationToken stop)
    {
        var told = new CellTold(asked.Cell, asked.Question, asked.Way, Problem: null);
        try
        {
            switch (asked)
            {
                case { About: CellQuestion.ListParked }:
                    return told with { Parked = [.. (await parked.ListAsync(stop)).Take(CellTold.MostParked).Select(Shown)] };
                case { About: CellQuestion.RetryParked, Link: { } link, Key: { } key }:
                    parked.Retry(link, key);
                    return told;
                case { About: CellQuestion.DropParked, Link: { } link, Incarnation: { } incarnation, Number: { } number }:
                    await parked.DropAsync(link, incarnation, number);
                    return told;
                default:
                    return told with { Problem = $"Cell {asked.Cell} is of a version that cannot answer this ({asked.About})." };
            }
        }
        catch (CellsException refused)
        {
            return told with { Problem = refused.Message };
        }
        catch (Npgsql.NpgsqlException)
        {
            return told with { Problem = $"The database of cell {asked.Cell} does not answer." };
        }
    }

    public static ParkedWork Shown(ParkedMessage message) =>
        new(message.Link, message.OrderKey, message.Incarnation, message.Number, message.WireName, message.Reason, message.ParkedAt);
}
