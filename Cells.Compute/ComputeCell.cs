using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Compute.XenApi;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Scheduler;
using Microsoft.Extensions.Logging;

namespace Cells.Compute;

/// <summary>
/// A compute cell inside its runtime: router, placer, image cache, pools and hosts. It ends with the runtime's actor system; what it was doing goes on
/// from its rows at the next start.
/// </summary>
public sealed class ComputeCell
{
    /// <summary>The placer is told by parents and pools, and must not lose what they say to a short flood.</summary>
    private const int PlacerMailbox = 65_536;

    private readonly IActorRef _node;

    private ComputeCell(IActorRef node) => _node = node;

    /// <summary>The schema files of a compute cell; they go after <see cref="SqlSource.Messaging"/>.</summary>
    public static SqlSource Sql { get; } = new("compute", typeof(ComputeCell).Assembly);

    /// <summary>Starts the cell's actors and attaches them to the links. Pools are connected in the background, and again whenever they are lost.</summary>
    /// <exception cref="Contracts.CellsException">The options name a placement policy that does not exist.</exception>
    /// <param name="hand">This process's, where several nodes run the cell; null: this process has all pools.</param>
    public static ComputeCell Start(
        CellRuntime runtime, ComputeOptions options, IXapiWireFactory wires, IImageSource images, IImageSink sink, ComputeHand? hand = null) =>
        Start(runtime, options, wires, images, sink, ComputeHooks.None, hand);

    internal static ComputeCell Start(
        CellRuntime runtime, ComputeOptions options, IXapiWireFactory wires, IImageSource images, IImageSink sink, ComputeHooks hooks, ComputeHand? hand = null)
    {
        var logger = runtime.Loggers.CreateLogger("Cells.Compute");
        var parents = runtime.Neighbours.Where(n => n.Kind == NeighbourKind.Parent).Select(n => n.Name).Order().ToList();
        var placer = new PlacerSetup(
            runtime.Name, parents, runtime.Committer, runtime.Database, runtime.Links, runtime.Time, options, HostPolicy.Named(options.Policy), hooks, logger);
        var cache = new ImageCacheSetup(runtime.Name, runtime.Committer, runtime.Database, images, sink, runtime.Time, options.TicketPatience, logger);
        var cell = Props.Create(() => new ComputeRouter(runtime, options, wires, placer, cache, hand)).WithMailboxCapacity(PlacerMailbox);
        var standing = new ComputeNode.Standing();
        var node = runtime.System.ActorOf(Props.Create(() => new ComputeNode(cell, standing)).WithMailboxCapacity(PlacerMailbox), "compute");
        runtime.KeepLease(options.Directory, node);
        runtime.Links.Attach(node, new ComputeState(runtime.Name, options.Zone, runtime.Database));
        return new ComputeCell(node);
    }

    /// <summary>What the cell knows and has decided, for the admin API and for checkers. Changes nothing.</summary>
    internal Task<CellInspection> InspectAsync(CancellationToken stop) =>
        _node.Ask<CellInspection>(InspectCell.Instance, TimeSpan.FromSeconds(30), stop);

    internal static Props PlacerProps(PlacerSetup setup) => Props.Create(() => new PlacerActor(setup)).WithMailboxCapacity(PlacerMailbox);
}
