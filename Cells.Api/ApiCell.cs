using Cells.Api.Admin;
using Cells.Api.Dispatch;
using Cells.Api.Explaining;
using Cells.Api.Fleet;
using Cells.Api.Index;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Microsoft.Extensions.Logging;

namespace Cells.Api;

/// <summary>
/// An API cell (with a door: <see cref="Home"/>) or a routing cell (without): dispatcher and index over a cell's runtime. It ends with the
/// runtime's actor system.
/// </summary>
public sealed class ApiCell : IDisposable
{
    // A window of every neighbour and the door's requests fit many times: nobody is told no by a full mailbox.
    private const int MailboxCapacity = 65_536;

    private readonly ApiDoor _door;

    private ApiCell(CellRuntime runtime, ApiDoor door) => (Runtime, _door) = (runtime, door);

    public CellRuntime Runtime { get; }

    /// <summary>Identity, images, quotas and servers; null in a routing cell.</summary>
    public ApiHome? Home => _door.Home;

    /// <summary>Where the door hands in builds and deletes.</summary>
    public IServerDispatch Servers => _door.Servers;

    public AdminApi Admin => _door.Admin;

    public Explanations Explanations => _door.Explanations;

    /// <summary>Makes the actors and attaches them to the links: from here on messages come.</summary>
    /// <param name="home">What the door is told; null makes a routing cell.</param>
    /// <exception cref="CellsException">The runtime's kind does not fit, or a key file cannot be used.</exception>
    public static ApiCell Start(CellRuntime runtime, ApiOptions options, HomeOptions? home) =>
        Start(runtime, options, new ApiDoor(runtime.Ground, home));

    /// <summary>The same with a door that was made before; disposing of the cell disposes of it.</summary>
    public static ApiCell Start(CellRuntime runtime, ApiOptions options, ApiDoor door) => Lead(runtime, options, door, isShared: false);

    /// <summary>The same where this process has had a door before it leads, and others may have theirs.</summary>
    public static ApiCell Lead(CellRuntime runtime, ApiOptions options, ApiDoor door) => Lead(runtime, options, door, isShared: true);

    private static ApiCell Lead(CellRuntime runtime, ApiOptions options, ApiDoor door, bool isShared)
    {
        if (runtime.Kind != (door.Home is null ? CellKind.Routing : CellKind.Api))
            throw new CellsException($"Cell '{runtime.Name}' is of kind {runtime.Kind}: an API cell needs a door, a routing cell has none, and a compute cell is started as one.");
        var log = runtime.Loggers.CreateLogger("Cells.Api");
        var parents = Neighbours(runtime, NeighbourKind.Parent);
        var parts = door.Parts(options) with
        {
            SendNews = runtime.Links.Send,
            WorkWatermark = parent => runtime.Links.Status.FirstOrDefault(s => s.Neighbour == parent)?.WorkInWatermark ?? 0,
            IsFull = runtime.Links.IsFull,
            Parked = runtime.Links.Parked,
            NewRandom = () => runtime.NewRandom("dispatch"),
            Leads = true,
            IsShared = isShared,
        };
        var dispatch = runtime.System.ActorOf(Props.Create(() => new DispatchActor(parts)).WithMailboxCapacity(MailboxCapacity), "dispatch");
        var index = runtime.System.ActorOf(Props.Create(() => new IndexActor(runtime.Name, runtime.Committer, options.RetryAfter, options.DropEpochCheck, log)), "index");
        var router = runtime.System.ActorOf(Props.Create(() => new RouterActor(dispatch, index)).WithMailboxCapacity(MailboxCapacity), "router");
        if (door.Home is { Fleet: var fleet })
            runtime.System.ActorOf(Props.Create(() => new OperatorWordsActor(runtime.Name, fleet, runtime.Committer, runtime.Time, log)), "operator-words");

        runtime.Links.Attach(router, parents.Length == 0 ? null : new ObservedState(runtime.Database));
        if (isShared)
            runtime.System.ActorOf(Props.Create(() => new DoorWatch(runtime.Ground, dispatch, log)), "door-watch");
        door.Lead(runtime.Links, dispatch);
        return new ApiCell(runtime, door);
    }

    public void Dispose() => _door.Dispose();

    private static CellName[] Neighbours(CellRuntime runtime, NeighbourKind kind) =>
        [.. runtime.Neighbours.Where(n => n.Kind == kind).Select(n => n.Name).Order()];
}
