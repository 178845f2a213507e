using Cells.Contracts;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Scheduler;
using Microsoft.Extensions.Logging;

namespace Cells.Compute.Placement;

/// <summary>What the placer works with.</summary>
/// <param name="Parents">Who gets news and answers, in order of name.</param>
internal sealed record PlacerSetup(
    CellName Cell,
    IReadOnlyList<CellName> Parents,
    ICommitter Committer,
    ICellDatabase Database,
    ILinks Links,
    TimeProvider Time,
    ComputeOptions Options,
    HostPolicy Policy,
    ComputeHooks Hooks,
    ILogger Logger);

/// <summary>To the placer: a work message that is not its own is counted for the capacity summaries all the same.</summary>
internal sealed record WorkCounted(CellName Link, long Incarnation, long Number);

/// <summary>To the router: pools must show everything again.</summary>
internal sealed record PlacerRestarted
{
    public static readonly PlacerRestarted Instance = new();
}
