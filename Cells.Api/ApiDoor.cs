using Cells.Api.Admin;
using Cells.Api.Dispatch;
using Cells.Api.Explaining;
using Cells.Api.Fleet;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Microsoft.Extensions.Logging;

namespace Cells.Api;

/// <summary>
/// What clients reach in one process of an API cell, whether that process leads the cell or not: its state is the cell's database, so several processes may
/// have a door. A routing cell's has only the admin API.
/// </summary>
public sealed class ApiDoor : IDisposable
{
    private readonly CellGround _ground;
    private readonly ServerDispatch _servers = new();
    private readonly CellAges _ages;

    /// <param name="home">Null in a routing cell.</param>
    /// <exception cref="CellsException">A key file cannot be used.</exception>
    public ApiDoor(CellGround ground, HomeOptions? home)
    {
        (_ground, _ages) = (ground, new CellAges());
        var options = ground.Options;
        Home = home is null
            ? null
            : new ApiHome(
                ground.Database, ground.Committer, _servers, options.Time, options.Ids, home with { Cell = options.Name }, _ages, options.Loggers.CreateLogger("Cells.Api"));
        Explanations = new Explanations(options.Name, ground.Database);
        Admin = new AdminApi(ground, _ages, Explanations);
    }

    public ApiHome? Home { get; }

    public AdminApi Admin { get; }

    internal Explanations Explanations { get; }

    internal IServerDispatch Servers => _servers;

    /// <summary>
    /// Takes requests before this process leads, if ever: what it commits, the leader sees within a quarter of a second. Builds wait for it, deletes and actions
    /// stand in the outbox for it.
    /// </summary>
    public void Open(ApiOptions options)
    {
        var parts = Parts(options);
        var dispatch = _ground.System.ActorOf(Props.Create(() => new DispatchActor(parts)), "door-dispatch");
        _servers.Attach(dispatch);
        _ages.Attach(dispatch);
    }

    public void Dispose() => Home?.Dispose();

    internal void Lead(ILinks links, IActorRef dispatch)
    {
        Admin.Lead(links, dispatch);
        _servers.Attach(dispatch);                                // what was handed to the one of before, it finishes
        _ages.Attach(dispatch);
    }

    /// <summary>Of a dispatcher that does not lead.</summary>
    internal DispatchParts Parts(ApiOptions options)
    {
        var of = _ground.Options;
        return new DispatchParts(
            of.Name, of.Kind, Names(NeighbourKind.Parent), Names(NeighbourKind.Child), _ground.Committer, _ground.Database,
            Home is null ? null : new HomeIntents(), Home?.ImageTickets, _ => { }, _ => 0, _ => false, new NoLinks(of.Name), of.Time, () => new Random(0), options,
            of.Loggers.CreateLogger("Cells.Api")) { Leads = false, IsShared = true };
    }

    private CellName[] Names(NeighbourKind kind) => [.. _ground.Options.Neighbours.Where(n => n.Kind == kind).Select(n => n.Name).Order()];

    /// <summary>Of a process without links: what waits there is the leader's.</summary>
    private sealed class NoLinks(CellName cell) : IParkedMessages
    {
        public Task<IReadOnlyList<ParkedMessage>> ListAsync(CancellationToken stop) => throw new NotLeading(cell);
        public void Retry(CellName link, string orderKey) => throw new NotLeading(cell);
        public Task DropAsync(CellName link, long incarnation, long number) => throw new NotLeading(cell);
    }
}
