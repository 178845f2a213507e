using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;

namespace Cells.Api.Admin;

/// <summary>Work that could not be handled, of this cell or of any below: seen, given again, forgotten.</summary>
public sealed partial class AdminApi
{
    // More than the dispatcher waits for a cell below: it is the one that says who is silent.
    private static readonly TimeSpan BelowPatience = TimeSpan.FromSeconds(15);

    /// <param name="cell">Null for this cell.</param>
    /// <exception cref="CellSilent">A cell below does not answer.</exception>
    /// <exception cref="CellsException">There is no such cell, or its database does not answer.</exception>
    public async Task<ParkedList> ParkedAsync(CellName? cell, CancellationToken stop)
    {
        var told = await AskAsync(new AskCell(cell ?? _ground.Options.Name, _ground.Options.Ids.NewGuid(), CellQuestion.ListParked, []), stop);
        return new ParkedList([.. told.Parked!.Select(p => new ParkedView(p.Link.Value, p.Key, p.Incarnation, p.Number, p.Name, p.Reason, p.ParkedAt, told.Cell.Value))]);
    }

    /// <summary>Gives the parked messages of a key to their cell again, oldest first.</summary>
    /// <exception cref="CellSilent">As above.</exception>
    /// <exception cref="CellsException">There is no such cell or link.</exception>
    public Task RetryParkedAsync(CellName? cell, CellName link, string key, CancellationToken stop) =>
        AskAsync(new AskCell(cell ?? _ground.Options.Name, _ground.Options.Ids.NewGuid(), CellQuestion.RetryParked, [], link, key), stop);

    /// <summary>Forgets one parked message for good. One that is gone already is forgotten too.</summary>
    /// <exception cref="CellSilent">As above.</exception>
    /// <exception cref="CellsException">There is no such cell or link, or the database cannot take it now.</exception>
    public Task DropParkedAsync(CellName? cell, CellName link, long incarnation, long number, CancellationToken stop) =>
        AskAsync(new AskCell(cell ?? _ground.Options.Name, _ground.Options.Ids.NewGuid(), CellQuestion.DropParked, [], link, Incarnation: incarnation, Number: number), stop);

    private async Task<CellTold> AskAsync(AskCell asked, CancellationToken stop)
    {
        var answer = asked.Cell == _ground.Options.Name
            ? new DispatchActor.BelowTold(await CellAnswers.AnswerAsync(asked, TheLinks.Parked, stop), null)
            : await Dispatch.Ask<DispatchActor.BelowTold>(new DispatchActor.AskBelow(asked), BelowPatience, stop);
        return answer switch
        {
            { Told: { Problem: null } told } => told,
            { Told.Problem: { } problem } => throw new CellsException(problem),
            { IsUnknown: true } => throw new CellsException(answer.Problem!),
            _ => throw new CellSilent(answer.Problem!),
        };
    }
}

/// <summary>A cell that an operator asked did not answer.</summary>
public sealed class CellSilent(string message) : CellsException(message);
