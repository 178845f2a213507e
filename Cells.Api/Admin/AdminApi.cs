using Cells.Api.Admin.Events;
using Cells.Api.Dispatch;
using Cells.Api.Explaining;
using Cells.Api.Fleet;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;

namespace Cells.Api.Admin;

/// <summary>What an operator may ask of an API or routing cell, free of HTTP. Reads touch only this cell.</summary>
public sealed partial class AdminApi
{
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(10);

    private readonly CellGround _ground;
    private (ILinks Links, IActorRef Dispatch)? _leads;
    private readonly ICellAges _ages;
    private readonly FleetStore _hosts;
    private readonly FleetRowStore _fleet;
    private readonly OperatorWords _words;
    private readonly ServerStore _servers;
    private readonly DriftStore _drift;
    private readonly HealthStore _health;
    private readonly Explanations _explanations;

    internal AdminApi(CellGround ground, ICellAges ages, Explanations explanations)
    {
        (_ground, _ages, _explanations) = (ground, ages, explanations);
        (_hosts, _fleet) = (new FleetStore(ground.Database), new FleetRowStore(ground.Database));
        _words = new OperatorWords(_hosts, ground.Committer, ground.Options.Time);
        (_servers, _drift) = (new ServerStore(ground.Database), new DriftStore(ground.Database));
        _health = new HealthStore(ground.Database);
        Events = new EventStream(ground, this);
    }

    internal EventStream Events { get; }

    /// <summary>From now on this process leads the cell: it has the links, and hears the cells below.</summary>
    internal void Lead(ILinks links, IActorRef dispatch) => _leads = (links, dispatch);

    private ILinks TheLinks => (_leads ?? throw new NotLeading(_ground.Options.Name)).Links;

    private IActorRef Dispatch => (_leads ?? throw new NotLeading(_ground.Options.Name)).Dispatch;

    internal TimeProvider Time => _ground.Options.Time;

    /// <summary>This cell's own state: its clock, its database and the leases in it.</summary>
    public async Task<CellHealth> HealthAsync(CancellationToken stop)
    {
        var (database, leases) = await _health.ReadAsync(stop);
        return new CellHealth(_ground.Options.Name.Value, _ground.Options.Id, KindWord(_ground.Options.Kind), _ground.Options.Time.GetUtcNow(), database, leases);
    }

    public async Task<CellList> CellsAsync(CancellationToken stop)
    {
        var report = await Dispatch.Ask<DispatchActor.ChildrenReport>(new DispatchActor.AskChildren(), AskPatience, stop);
        var children = report.Children.ToDictionary(c => c.Name);
        var ages = CellAges.Of(report);
        var paths = new Dictionary<CellName, string>();
        var cells = new List<CellView>();
        foreach (var cell in report.Tree)
        {
            var parent = cell.Parent;
            paths.TryAdd(cell.Cell, parent is { } above && paths.TryGetValue(above, out var path) ? $"{path}.{cell.Cell}" : cell.Cell.Value);
            cells.Add(new CellView(
                cell.Cell.Value, parent?.Value, paths[cell.Cell], KindWord(cell.Kind), cell.Hosts, cell.HostsUp, cell.Instances, cell.Silent,
                ages[cell.Cell].HeardSecondsAgo,
                parent is null ? CapacityView.Of(report.Capacity)
                    : children.TryGetValue(cell.Cell, out var own) && own.News is { } news ? CapacityView.Of(news.Capacity) : null)
            {
                Nodes = cell.Nodes is { } nodes ? [.. nodes.Select(n => new NodeView(n.Name, n.Leads, n.Lives, n.Pools))] : null,
            });
        }
        return new CellList(cells);
    }

    /// <returns>Null when no news named such a cell.</returns>
    public async Task<CellView?> CellAsync(string name, CancellationToken stop) =>
        (await CellsAsync(stop)).Cells.FirstOrDefault(c => c.Name == name);

    public LinkList Links() => new([.. TheLinks.Status.Select(s => new LinkView(
        s.Neighbour.Value, KindWord(s.Kind), HealthWord(s.Health), s.LastHeardAge?.TotalSeconds, s.OutboxBacklog, s.WorkOutWatermark, s.WorkInWatermark,
        s.StateOutWatermark, s.StateInWatermark, s.StateLag, s.Parked, s.Refused, s.Problem))]);

    /// <returns>Null when this cell has no such neighbour.</returns>
    public LinkView? Link(string neighbour) => Links().Links.FirstOrDefault(l => l.Neighbour == neighbour);

    /// <returns>Null when the server was never dispatched from or through this cell.</returns>
    public Task<Story?> ExplainAsync(InstanceId server, CancellationToken stop) => _explanations.ReadAsync(server, stop);

    private static string KindWord(CellKind kind) => kind switch
    {
        CellKind.Api => "api",
        CellKind.Routing => "routing",
        CellKind.Compute => "compute",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind of cell"),
    };

    private static string KindWord(NeighbourKind kind) => kind == NeighbourKind.Parent ? "parent" : "child";

    private static string HealthWord(NeighbourHealth health) => health switch
    {
        NeighbourHealth.Up => "up",
        NeighbourHealth.Suspect => "suspect",
        NeighbourHealth.Down => "down",
        _ => throw new ArgumentOutOfRangeException(nameof(health), health, "no such health"),
    };
}
