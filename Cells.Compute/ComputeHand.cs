using Cells.Compute.Images;
using Cells.Compute.Nodes;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Nodes;
using Cells.Messaging.Storage.Leases;
using Microsoft.Extensions.Logging;

namespace Cells.Compute;

/// <summary>
/// One node of a compute cell that several nodes run: it keeps the node's lease, and runs the pools that the cell's leader gives it. It works before its
/// process leads, and on while it does; see ADR 0020.
/// </summary>
public sealed class ComputeHand
{
    private ComputeHand(NodeName node, INodeBus bus, NodeWire wire, IActorRef actor) => (Node, Bus, Wire, Actor) = (node, bus, wire, actor);

    public NodeName Node { get; }

    internal INodeBus Bus { get; }

    internal NodeWire Wire { get; }

    internal IActorRef Actor { get; }

    /// <summary>Completes once the node's lease is held for the first time: until then another process of that name lives, or did seconds ago.</summary>
    public required Task Lives { get; init; }

    /// <summary>Begins to take the node's lease, and hears the other nodes. It ends with the ground.</summary>
    public static ComputeHand Start(CellGround ground, NodeName node, ComputeOptions options, IXapiWireFactory wires, IImageSource images, IImageSink sink, INodeBus bus)
    {
        var of = ground.Options;
        var logger = of.Loggers.CreateLogger("Cells.Compute");
        var wire = new NodeWire(options.Sessions, of.Name);
        var setup = new HandSetup(
            of.Name, node, options,
            new PoolWorld(of.Name, of.Id, ground.Holder, wires, ground.Database, ground.Committer, of.Ids, options.Sessions, of.Time, logger) { PlannedFor = node },
            new ImageCacheSetup(of.Name, ground.Committer, ground.Database, images, sink, of.Time, options.TicketPatience, logger), bus, wire, of.Time, logger);
        var standing = new HandStanding();
        var hand = ground.System.ActorOf(Props.Create(() => new HandActor(setup, standing)).WithMailboxCapacity(HandSetup.Mailbox), "hand");
        var lives = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = ground.System.ActorOf(Props.Create(() => new OneProcess(() => lives.TrySetResult(), () => { })), "node-life");
        ground.KeepLease(NodeLease.Of(node), options.Directory, "node-lease-keeper", [hand, first]);
        var listening = bus.Listen(node, bytes =>
        {
            if (wire.Read(bytes.Span) is { } frame)
                hand.Tell(frame, null);
            else
                NodeTelemetry.BadFrame(logger, of.Name);
        });
        ground.System.CoordinatedShutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "node: hear no more frames", _ =>
        {
            listening.Dispose();
            return Task.CompletedTask;
        });
        return new ComputeHand(node, bus, wire, hand) { Lives = lives.Task };
    }
}
