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

    private ApiCell(CellRuntime runtime, ApiHome? home, IServerDispatch servers, AdminApi admin, Explanations explanations) =>
        (Runtime, Home, Servers, Admin, Explanations) = (runtime, home, servers, admin, explanations);

    public CellRuntime Runtime { get; }

    /// <summary>Identity, images, quotas and servers; null in a routing cell.</summary>
    public ApiHome? Home { get; }

    /// <summary>Where the door hands in builds and deletes.</summary>
    public IServerDispatch Servers { get; }

    public AdminApi Admin { get; }

    public Explanations Explanations { get; }

    /// <summary>Makes the actors and attaches them to the links: from here on messages come.</summary>
    /// <param name="home">What the door is told; null makes a routing cell.</param>
    /// <exception cref="CellsException">The runtime's kind does not fit, or a key file cannot be used.</exception>
    public static ApiCell Start(CellRuntime runtime, ApiOptions options, HomeOptions? home)
    {
        if (runtime.Kind != (home is null ? CellKind.Routing : CellKind.Api))
            throw new CellsException($"Cell '{runtime.Name}' is of kind {runtime.Kind}: an API cell needs a door, a routing cell has none, and a compute cell is started as one.");
        var log = runtime.Loggers.CreateLogger("Cells.Api");
        var children = Neighbours(runtime, NeighbourKind.Child);
        var parents = Neighbours(runtime, NeighbourKind.Parent);

        var (servers, ages) = (new ServerDispatch(), new CellAges());
        var door = home is null
            ? null
            : new ApiHome(runtime.Database, runtime.Committer, servers, runtime.Time, runtime.Ids, home with { Cell = runtime.Name }, ages, log);
        var parts = new DispatchParts(
            runtime.Name, runtime.Kind, parents, children, runtime.Committer, runtime.Database,
            door is null ? null : new HomeIntents(), door?.ImageTickets, runtime.Links.Send,
            parent => runtime.Links.Status.FirstOrDefault(s => s.Neighbour == parent)?.WorkInWatermark ?? 0, runtime.Links.IsFull, runtime.Links.Parked, runtime.Time,
            () => runtime.NewRandom("dispatch"), options, log);
        var dispatch = runtime.System.ActorOf(Props.Create(() => new DispatchActor(parts)).WithMailboxCapacity(MailboxCapacity), "dispatch");
        var index = runtime.System.ActorOf(Props.Create(() => new IndexActor(runtime.Name, runtime.Committer, options.RetryAfter, options.DropEpochCheck, log)), "index");
        var router = runtime.System.ActorOf(Props.Create(() => new RouterActor(dispatch, index)).WithMailboxCapacity(MailboxCapacity), "router");
        servers.Attach(dispatch);
        ages.Attach(dispatch);
        if (door is { Fleet: var fleet })
            runtime.System.ActorOf(Props.Create(() => new OperatorWordsActor(runtime.Name, fleet, runtime.Committer, runtime.Time, log)), "operator-words");

        runtime.Links.Attach(router, parents.Length == 0 ? null : new ObservedState(runtime.Database));
        var explanations = new Explanations(runtime.Name, runtime.Database);
        return new ApiCell(runtime, door, servers, new AdminApi(runtime, dispatch, ages, explanations), explanations);
    }

    public void Dispose() => Home?.Dispose();

    private static CellName[] Neighbours(CellRuntime runtime, NeighbourKind kind) =>
        [.. runtime.Neighbours.Where(n => n.Kind == kind).Select(n => n.Name).Order()];
}
