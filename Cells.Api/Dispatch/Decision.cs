using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Dispatch;

/// <summary>What one event does: rows to store (a generation of 1 is a new one), messages to send, and at the home whether nothing is left.</summary>
/// <param name="Refused">Set when the event was not accepted: it is counted under this name, and nothing but an answer follows.</param>
internal sealed record Decision(IReadOnlyList<DispatchRow> Rows, IReadOnlyList<Mail> Mail, bool Terminated, string? Refused)
{
    /// <summary>At the home: how an action ended, for the server's log.</summary>
    public InstanceActed? Acted { get; init; }

    /// <summary>At the home: what somebody asked about an instance, answered.</summary>
    public InstanceTold? Told { get; init; }

    /// <summary>It happened before; the second time changes nothing.</summary>
    public static readonly Decision Nothing = new([], [], false, null);

    /// <summary>A cell spoke of an instance whose dispatch does not lead to it, or commanded one that is not its own.</summary>
    public const string Foreign = "foreign";

    /// <summary>An answer to a question that is settled already.</summary>
    public const string Stale = "stale";

    /// <summary>A command of an epoch below the highest known one.</summary>
    public const string StaleEpoch = "stale_epoch";

    /// <summary>No cell below holds the instance, so none can act on it.</summary>
    public const string NotHeld = "not_held";

    public static Decision Refuse(string name, params Mail[] answer) => new([], answer, false, name);

    public static Decision Store(DispatchRow row, params Mail[] mail) => new([row], mail, false, null);

    public static Decision Answer(params Mail[] mail) => new([], mail, false, null);
}

/// <summary>One work message for one neighbour.</summary>
internal sealed record Mail(CellName Link, object Message)
{
    /// <summary>What it is ordered with; null: everything of its instance.</summary>
    public string? Key { get; init; }
}

/// <summary>Which child is asked next.</summary>
/// <param name="MayComeLater">No child was chosen because none could be heard yet: worth waiting for.</param>
internal sealed record CellChoice(CellName? Child, bool MayComeLater, Explanation Why);

/// <summary>What a decision may know of the cell it is made in.</summary>
/// <param name="Choose">Chooses among the children but those already tried.</param>
/// <param name="Patience">How long the home waits for a request's end before it shows silence.</param>
/// <param name="WaitForChildren">How long a routing cell keeps a build for a child to be heard.</param>
/// <param name="SkipTombstones">The planted bug "tombstone skipped": never true outside tests.</param>
/// <param name="IsHeard">Whether a cell below, and each one on a way to it, is heard now.</param>
internal sealed record DispatchScene(
    CellName Cell,
    Func<BuildInstance, IReadOnlyCollection<CellName>, CellChoice> Choose,
    DateTimeOffset Now,
    TimeSpan Patience,
    TimeSpan WaitForChildren,
    bool SkipTombstones,
    Func<CellName, bool> IsHeard);
