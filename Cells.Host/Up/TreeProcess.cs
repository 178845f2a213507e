using System.Net;
using System.Runtime.ExceptionServices;
using Cells.Api;
using Cells.Api.Admin;
using Cells.Api.Http;
using Cells.Api.Identity;
using Cells.Api.Networks;
using Cells.Compute;
using Cells.Compute.Images;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Host.Clients;
using Cells.Host.Configuration;
using Cells.Host.Observability;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Nodes;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.Leases;
using Cells.Messaging.Transports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cells.Host.Up;

/// <summary>
/// All cells of a tree in this process, over one transport, and the top cell's door. Composes; decides nothing. Cells start from the top
/// down and end from the bottom up; what they were doing goes on from their rows at the next start.
/// </summary>
internal sealed class TreeProcess : IAsyncDisposable
{
    private static readonly TimeSpan SayAfter = TimeSpan.FromSeconds(1);

    // What no image has may be another door's upload; one that takes longer than that has failed.
    private static readonly TimeSpan OtherDoorsUpload = TimeSpan.FromDays(1);

    private readonly List<CellGround> _grounds = [];
    private readonly List<CellRuntime> _cells = [];
    private readonly List<IDisposable> _owned = [];
    private readonly TaskCompletionSource<string> _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _door;

    private TreeProcess(TreeParts parts) => Parts = parts;

    public TreeParts Parts { get; }

    /// <summary>Where clients reach the door, without a slash at its end; empty without an API cell.</summary>
    public string BaseUrl { get; private set; } = "";

    /// <summary>The top cell's door, free of HTTP.</summary>
    public ApiHome Home { get; private set; } = null!;

    public static async Task<TreeProcess> StartAsync(TreeParts parts, CancellationToken stop)
    {
        var tree = new TreeProcess(parts);
        try
        {
            await tree.StartAllOrFailAsync(stop);
            return tree;
        }
        catch
        {
            await tree.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes openrc and clouds.yaml (cloud "cells") into the data directory, for their owner's eyes only.</summary>
    public OpenRc WriteEntry()
    {
        var rc = new OpenRc(new Uri($"{BaseUrl}/identity/v3"), "admin", Parts.Data.AdminPassword, "admin", "Default", "Default");
        Parts.Data.WriteSecret("openrc", rc.ToFile());
        Parts.Data.WriteSecret("clouds.yaml", rc.ToCloudsYaml());
        return rc;
    }

    /// <summary>Until it is ended.</summary>
    /// <exception cref="CellsException">A cell stopped by itself: a fault that no restart of an actor could mend.</exception>
    public async Task WaitAsync(CancellationToken stop)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(() => ended.TrySetResult());
        if (await Task.WhenAny(ended.Task, _fault.Task) == _fault.Task)
            throw new CellsException(await _fault.Task);
    }

    public async ValueTask DisposeAsync()
    {
        if (_door is not null)
        {
            await _door.StopAsync();
            await _door.DisposeAsync();
        }
        foreach (var cell in Enumerable.Reverse(_grounds))
            await cell.StopAsync("the process ends");
        foreach (var owned in Enumerable.Reverse(_owned))
            owned.Dispose();
    }

    /// <summary>A cell that began and had to end must not wait for another one of this process to begin: that one may be standing by for days.</summary>
    private async Task StartAllOrFailAsync(CancellationToken stop)
    {
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var cells = StartCellsAsync(starting);
        if (await Task.WhenAny(cells, _fault.Task) == _fault.Task)
            await starting.CancelAsync();
        try
        {
            await cells;
        }
        catch (OperationCanceledException) when (_fault.Task.IsCompleted)
        {
            throw new CellsException(await _fault.Task);
        }
    }

    /// <summary>One after the other where this process is the only one; else side by side, because each may have to stand by.</summary>
    private async Task StartCellsAsync(CancellationTokenSource starting)
    {
        Parts.Telemetry?.Show(_cells);
        var wires = Own(new HttpXapiWireFactory(XapiTrust.MachineOnly, Parts.Time));
        var shared = new Shared(
            new ThreadPoolDispatcher(), Parts.Transport ?? new InProcessTransport(), wires, Parts.Images ?? new HttpImageSource(Own(new HttpClient { Timeout = TimeSpan.FromMinutes(1) })),
            new HttpImageSink(Own(new HttpClient { Timeout = Timeout.InfiniteTimeSpan })));
        var begun = new List<Task>();
        Exception? first = null;
        foreach (var cell in Parts.Topology.Cells.OrderBy(c => Parts.Topology.PathOf(c).Count(ch => ch == '.')))
        {
            var start = StartCellAsync(cell, shared, starting.Token);
            if (Parts.MayRunElsewhere)
                begun.Add(FirstErrorAsync(start));
            else
                await start;
        }
        await Task.WhenAll(begun);
        if (first is not null)
            ExceptionDispatchInfo.Throw(first);

        async Task FirstErrorAsync(Task start)
        {
            try
            {
                await start;
            }
            catch (Exception error)
            {
                // Of several the first one is the reason; the others were ended because of it.
                if (Interlocked.CompareExchange(ref first, error, null) is null)
                    await starting.CancelAsync();
            }
        }
    }

    private async Task StartCellAsync(TopologyCell cell, Shared shared, CancellationToken stop)
    {
        var ground = await CellGround.OpenAsync(await OptionsOfAsync(cell, shared, stop), stop);
        lock (_grounds)
            _grounds.Add(ground);
        _ = ground.System.WhenTerminated.ContinueWith(
            _ => { if (ground.System.Fault is { } fault) _fault.TrySetResult($"Cell {cell.Name} stopped by itself: {fault.Message}"); },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var compute = cell.Kind == CellKind.Compute ? ComputeOptionsOf(cell) : null;
        var hand = compute is null ? null : await TakePartAsync(ground, compute, shared, stop);
        var door = cell.Kind == CellKind.Api && Parts.MayRunElsewhere ? await OpenDoorAsync(ground, stop) : null;
        var runtime = await CellRuntime.StartAsync(ground, stop);
        lock (_cells)
            _cells.Add(runtime);
        if (compute is not null)
            ComputeCell.Start(runtime, compute, shared.Wires, shared.Images, shared.Sink, hand);
        else if (cell.Kind == CellKind.Routing)
            Own(ApiCell.Start(runtime, new ApiOptions(), home: null));
        else if (door is null)
            await StartHomeAsync(runtime, stop);
        else
        {
            ApiCell.Lead(runtime, new ApiOptions(), door);
            await PrepareHomeAsync(runtime, stop);
        }
    }

    /// <summary>Where several nodes may run a compute cell this one runs pools as soon as it is alone under its name, whoever leads.</summary>
    private async Task<ComputeHand?> TakePartAsync(CellGround ground, ComputeOptions options, Shared shared, CancellationToken stop)
    {
        if (Parts.Node is not { } node || Parts.NodeBusOf(ground.Options.Name) is not { } bus)
            return null;
        var hand = ComputeHand.Start(ground, node, options, shared.Wires, shared.Images, shared.Sink, bus);
        try
        {
            await hand.Lives.WaitAsync(SayAfter, Parts.Time, stop);
        }
        catch (TimeoutException)
        {
            UpTelemetry.NodeNameTaken(Parts.Loggers.CreateLogger("Cells.Up"), node, ground.Options.Name);
            await hand.Lives.WaitAsync(stop);
        }
        return hand;
    }

    private async Task<CellRuntimeOptions> OptionsOfAsync(TopologyCell cell, Shared shared, CancellationToken stop)
    {
        var neighbours = Parts.Topology.NeighboursOf(cell);
        foreach (var neighbour in neighbours)
            Parts.Data.EnsureLinkKeys(cell.Name, neighbour.Name);
        return new CellRuntimeOptions
        {
            Name = cell.Name,
            Id = Parts.Data.CellId(cell.Name),
            Kind = cell.Kind,
            ConnectionString = await Parts.Databases.EnsureAsync(cell.Name, stop),
            Migrations = [SqlSource.Messaging, cell.Kind == CellKind.Compute ? ComputeCell.Sql : ApiHome.Sql],
            Neighbours = neighbours,
            Transport = shared.Transport,
            Keys = new FileLinkKeys(Parts.Data.LinkKeys),
            Dispatcher = shared.Dispatcher,
            Time = Parts.Time,
            Ids = Parts.Ids,
            Seed = BitConverter.ToInt32(Parts.Ids.NewGuid().ToByteArray()),
            Loggers = Parts.Loggers,
            ProcessLease = Parts.MayRunElsewhere ? ProcessLeaseOf(cell.Name) : null,
        };
    }

    private ProcessLease ProcessLeaseOf(CellName cell) => new(
        Parts.Data.Id,
        SayAfter,
        () => UpTelemetry.StandsBy(Parts.Loggers.CreateLogger("Cells.Up"), cell),
        () => _fault.TrySetResult($"Another process runs cell {cell} now, so this one ends. Start it again to let it stand by."));

    private ComputeOptions ComputeOptionsOf(TopologyCell cell) => new()
    {
        Hosts = ComputeHosts.Of(cell, Parts.Fleet, Parts.SimulatedPassword),
        Sessions = SessionVault.FromFile(Path.Combine(Parts.Data.Keys, $"{cell.Name}.sessions.key"), Parts.Ids),
        Zone = cell.Zone,
        Directory = Parts.Data.Id,
    };

    /// <summary>The cell's only process: nobody enters before all is there.</summary>
    private async Task StartHomeAsync(CellRuntime runtime, CancellationToken stop)
    {
        var door = new ApiDoor(runtime.Ground, HomeOptions());
        Own(ApiCell.Start(runtime, new ApiOptions(), door));
        await door.Home!.StartAsync(stop);
        await PrepareHomeAsync(runtime, stop);
        await ServeAsync(door, runtime.Ground, stop);
    }

    /// <summary>Where several processes have a door, each opens its own at once, whoever leads.</summary>
    private async Task<ApiDoor> OpenDoorAsync(CellGround ground, CancellationToken stop)
    {
        var door = Own(new ApiDoor(ground, HomeOptions()));
        door.Open(new ApiOptions());
        await door.Home!.StartAsync(stop, OtherDoorsUpload);
        await ServeAsync(door, ground, stop);
        UpTelemetry.DoorOpen(Parts.Loggers.CreateLogger("Cells.Up"), ground.Options.Name, BaseUrl);
        return door;
    }

    private async Task PrepareHomeAsync(CellRuntime runtime, CancellationToken stop)
    {
        var admins = await new IdentityBootstrap(runtime.Database, runtime.Committer, Parts.Ids).EnsureAsync(Parts.Data.AdminPassword, stop);
        if (Parts.Fleet is not null)
            await new DefaultNetwork(runtime.Database, runtime.Committer, Parts.Time, Parts.Ids).MakeAsync(admins, stop);
    }

    private HomeOptions HomeOptions()
    {
        BaseUrl = Parts.Url ?? $"http://{Parts.Listen}";
        return new HomeOptions(BaseUrl, Parts.Data.Keys, Parts.Data.Images);
    }

    private async Task ServeAsync(ApiDoor door, CellGround ground, CancellationToken stop)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.Services.AddSingleton(Parts.Loggers);
        builder.Services.AddSingleton<IHostLifetime, EndedByUs>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(Parts.Listen);
        });
        _door = builder.Build();
        Home = door.Home!;
        _door.UseRouting();
        _door.MapCells(Home, new AdminRoutes(door.Admin).Routes);
        Parts.Telemetry?.Map(_door, ground, () => LinksOf(ground), Parts.Data.MetricsToken, Parts.Time);
        try
        {
            await _door.StartAsync(stop);
        }
        catch (IOException error)
        {
            throw new CellsException($"The door cannot listen on {Parts.Listen}: {error.Message} Choose another with --listen.", error);
        }
    }

    private IReadOnlyList<LinkStatus> LinksOf(CellGround ground)
    {
        lock (_cells)
            return _cells.Find(cell => cell.Ground == ground)?.Links.Status ?? [];
    }

    private T Own<T>(T thing) where T : IDisposable
    {
        lock (_owned)
            _owned.Add(thing);
        return thing;
    }

    /// <summary>What the cells of this process have in common.</summary>
    private sealed record Shared(IDispatcher Dispatcher, ITransport Transport, IXapiWireFactory Wires, IImageSource Images, IImageSink Sink);

    /// <summary>The door ends when the tree does, not by console signals of its own.</summary>
    private sealed class EndedByUs : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <param name="Listen">With a real port.</param>
/// <param name="Fleet">Null without simulated hosts.</param>
internal sealed record TreeParts(
    Topology Topology,
    DataDirectory Data,
    Databases Databases,
    SimulatedFleet? Fleet,
    string SimulatedPassword,
    IPEndPoint Listen,
    TimeProvider Time,
    IIdSource Ids,
    ILoggerFactory Loggers)
{
    /// <summary>Where compute cells get image bytes; null: over HTTP from the home, by ticket.</summary>
    public IImageSource? Images { get; init; }

    /// <summary>How clients and compute cells reach the door; null: as it listens.</summary>
    public string? Url { get; init; }

    /// <summary>Metrics, traces and health at the door; null for a tree that only a benchmark looks at.</summary>
    public Telemetry? Telemetry { get; init; }

    /// <summary>The directory's lock does not say it all: another machine may run these cells too, and then this process stands by.</summary>
    public bool MayRunElsewhere { get; init; }

    /// <summary>What carries frames; null: this process's memory. Its maker ends it, after the tree.</summary>
    public ITransport? Transport { get; init; }

    /// <summary>What this process is called among those that run the same cells; null: it is the only one.</summary>
    public NodeName? Node { get; init; }

    /// <summary>What carries frames between the nodes of a cell; null where only one can run it.</summary>
    public Func<CellName, INodeBus?> NodeBusOf { get; init; } = _ => null;
}
