using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Explaining;

/// <summary>Why a server is where it is, or nowhere: every decision about it, in order.</summary>
/// <param name="State">Of the last epoch: waiting, asking, placed, refused, cancelled_asking, deleted.</param>
/// <param name="Fault">The story as one sentence, when it was refused everywhere.</param>
public sealed record Story(InstanceId Server, string State, string? Fault, IReadOnlyList<StoryStep> Steps)
{
    /// <param name="rows">Every epoch of the instance, rising.</param>
    internal static Story Of(InstanceId server, CellName here, IReadOnlyList<DispatchRow> rows) =>
        new(server, Word(rows[^1].State), rows[^1].Fault, [.. rows.SelectMany(row => StepsOf(here, row))]);

    private static IEnumerable<StoryStep> StepsOf(CellName here, DispatchRow row)
    {
        // A cell's choices and the refusals they led to alternate: choice, refusal, choice, refusal, ...
        for (var i = 0; i < Math.Max(row.Why.Count, row.Tried.Count); i++)
        {
            if (i < row.Why.Count)
                yield return Chose(row.Epoch, row.Why[i]);
            foreach (var refusal in i < row.Tried.Count ? row.Tried[i].Said : [])
                yield return SaidNo(row.Epoch, refusal);
        }
        if (row.Placed is { } placed)
        {
            foreach (var step in Below(row.Epoch, placed))
                yield return step;
            yield return new StoryStep(row.Epoch, placed.Cell, "placed", $"placed on host {placed.HostName} of cell {placed.Cell}", null, null);
        }
        if (row.Silence is { } silence)
            yield return new StoryStep(row.Epoch, here, "silent", $"cell {row.Asked} has been silent since {silence.Since:u}; the request stays with it", "silent", null);
        if (row.State is DispatchState.CancelledAsking)
            yield return new StoryStep(row.Epoch, here, "delete", $"the delete follows to cell {row.Asked}, which has not confirmed it yet", null, null);
        if (row.State is DispatchState.Deleted)
            yield return new StoryStep(row.Epoch, here, "deleted", "nothing of it is left below", null, null);
    }

    /// <summary>The choices below and the refusals in between: whoever chooses a second time was refused after the first.</summary>
    private static IEnumerable<StoryStep> Below(long epoch, InstancePlaced placed)
    {
        var refusals = new Queue<Refusal>(placed.Tried ?? []);
        var chosen = new HashSet<(CellName, string)>();
        foreach (var why in placed.Why)
        {
            var again = !chosen.Add((why.Cell, why.Question));
            // A host says no once, a cell below with everything that it tried.
            if (again && why.Question == "host" && refusals.TryDequeue(out var host))
                yield return SaidNo(epoch, host);
            while (again && why.Question == "cell" && refusals.TryPeek(out var next) && next.Cell.Value != why.Chosen)
                yield return SaidNo(epoch, refusals.Dequeue());
            yield return Chose(epoch, why);
        }
        foreach (var refusal in refusals)
            yield return SaidNo(epoch, refusal);
    }

    private static StoryStep SaidNo(long epoch, Refusal refusal) =>
        new(epoch, refusal.Cell, "refused", $"{refusal.Cell}: {refusal.Reason}", refusal.Code, refusal.Why);

    private static StoryStep Chose(long epoch, Explanation why) => new(
        epoch, why.Cell, "chose",
        why.Chosen is { } chosen
            ? $"{why.Cell} chose {why.Question} {chosen} of {why.Candidates}"
            : $"{why.Cell} found no {why.Question} among {why.Candidates}{(why.WouldFit is { } fit ? $"; it would take {fit}" : "")}",
        null, why);

    internal static string Word(DispatchState state) => state switch
    {
        DispatchState.Waiting => "waiting",
        DispatchState.Asking => "asking",
        DispatchState.Placed => "placed",
        DispatchState.Refused => "refused",
        DispatchState.CancelledAsking => "cancelled_asking",
        DispatchState.Deleted => "deleted",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no such dispatch state"),
    };
}

/// <param name="Epoch">The home raises it for each cell it tries.</param>
/// <param name="Cell">Who decided or said it.</param>
/// <param name="What">chose, refused, placed, silent, delete, deleted.</param>
/// <param name="Text">For people.</param>
/// <param name="Code">Of a refusal or silence; null else.</param>
public sealed record StoryStep(long Epoch, CellName Cell, string What, string Text, string? Code, Explanation? Why);
