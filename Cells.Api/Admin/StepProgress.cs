using System.Globalization;

namespace Cells.Api.Admin;

/// <summary>How far a workflow is, as its cell reports it: <c>clone-disk 3/8</c>, or <c>undo clone-disk 3/8</c>.</summary>
/// <param name="Number">Which step it is at, from 1.</param>
/// <param name="Percent">Of the steps that are over; while undoing, of those that are still there.</param>
public sealed record StepProgress(string Step, bool Undoing, int Number, int Of, int Percent)
{
    private const string Undo = "undo ";

    /// <returns>Null for null, and for what has another form: a cell of another version may say it otherwise.</returns>
    public static StepProgress? Parse(string? text)
    {
        if (text is null)
            return null;
        var undoing = text.StartsWith(Undo, StringComparison.Ordinal);
        var words = (undoing ? text[Undo.Length..] : text).Split(' ');
        return words is [{ Length: > 0 } step, var count] && count.Split('/') is [var at, var all]
            && int.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && int.TryParse(all, NumberStyles.None, CultureInfo.InvariantCulture, out var of)
            && number >= 1 && number <= of
            ? new StepProgress(step, undoing, number, of, 100 * (undoing ? number : number - 1) / of)
            : null;
    }
}
