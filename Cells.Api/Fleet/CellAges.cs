using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Messaging.Actors;

namespace Cells.Api.Fleet;

/// <summary>How far what is known of a cell can be trusted.</summary>
/// <param name="Silent">It, or a cell on the way to it, is not heard.</param>
/// <param name="HeardSecondsAgo">Age of the last news of it; null when none came since this cell started.</param>
public readonly record struct CellAge(bool Silent, double? HeardSecondsAgo)
{
    /// <summary>Of a cell that no news named since this cell started.</summary>
    public static readonly CellAge Unknown = new(true, null);
}

/// <summary>Which cells are heard, as this process knows it now.</summary>
public interface ICellAges
{
    /// <returns>By cell; one that is not in it is <see cref="CellAge.Unknown"/>.</returns>
    Task<IReadOnlyDictionary<CellName, CellAge>> ReadAsync(CancellationToken stop);
}

/// <summary>Asks the dispatcher, whom the news tell.</summary>
internal sealed class CellAges : ICellAges
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private IActorRef? _dispatch;

    /// <summary>When the actors of the cell, or of a door that does not lead it, are made.</summary>
    public void Attach(IActorRef dispatch) => _dispatch = dispatch;

    public async Task<IReadOnlyDictionary<CellName, CellAge>> ReadAsync(CancellationToken stop)
    {
        var dispatch = _dispatch ?? throw new InvalidOperationException("The dispatcher is not there yet.");
        return Of(await dispatch.Ask<DispatchActor.ChildrenReport>(new DispatchActor.AskChildren(), Patience, stop));
    }

    /// <summary>Of several ways to a cell, the one that is heard tells of it. This cell itself is heard, now.</summary>
    internal static SortedDictionary<CellName, CellAge> Of(DispatchActor.ChildrenReport report)
    {
        var ages = new SortedDictionary<CellName, CellAge>();
        foreach (var cell in report.Tree)
        {
            var age = new CellAge(cell.Silent, cell.SecondsSinceHeard);
            if (!ages.TryGetValue(cell.Cell, out var known) || (known.Silent && !age.Silent))
                ages[cell.Cell] = age;
        }
        return ages;
    }
}
