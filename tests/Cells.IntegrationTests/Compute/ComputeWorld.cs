using System.Security.Cryptography;
using Cells.Compute;
using Cells.Compute.Images;
using Cells.Compute.Placement;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Messaging.Transports;
using Cells.IntegrationTests.Compute.Pools;
using Cells.TestKit;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using Cells.XenSim.Fleet;
using Microsoft.Extensions.Logging;

namespace Cells.IntegrationTests.Compute;

/// <summary>A compute cell with simulated hosts over real HTTP, a parent over a real link, and a database each.</summary>
internal sealed class ComputeWorld : IAsyncDisposable
{
    public static readonly CellName Parent = CellName.Parse("east"), Cell = CellName.Parse("east-1");
    public static readonly Flavor Small = new("1", "small", 1, 512, 1);

    private const string Password = "secret";

    private readonly TestDatabase _parentDatabase;
    private readonly InProcessTransport _transport = new();
    private readonly DerivedLinkKeys _keys = new(new byte[32]);
    private readonly SystemIds _ids = new();
    private readonly HttpXapiWireFactory _http = new(XapiTrust.MachineOnly, TimeProvider.System);
    private readonly List<CellRuntime> _ended = [];
    private CellRuntime? _parentRuntime;
    private CellRuntime? _runtime;
    private ComputeCell? _cell;

    private ComputeWorld(TestDatabase parentDatabase, TestDatabase database, XenSimFleet fleet, SeededImages images) =>
        (_parentDatabase, Database, Fleet, Images) = (parentDatabase, database, fleet, images);

    public TestDatabase Database { get; }

    /// <summary>Of the next start.</summary>
    public ComputeHooks Hooks { get; set; } = ComputeHooks.None;

    /// <summary>Of the next start.</summary>
    public TimeSpan GuestPatience { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>What the cell that runs now speaks through.</summary>
    public GatedWires Wires { get; private set; } = null!;

    public XenSimFleet Fleet { get; }
    public SeededImages Images { get; }
    public KeptImages Sink { get; } = new();
    public ParentCell ParentCell { get; private set; } = null!;

    public static Task<ComputeWorld> StartAsync(int hosts, HostShape? shape = null) => StartAsync(XenSimFleetOptions.Standalone(hosts, Password, shape), hosts);

    /// <summary>The hosts are members of one pool, which is entered through the last of them; one machine more stands by.</summary>
    public static Task<ComputeWorld> StartPoolAsync(int members, HostShape? shape = null, long sharedBytes = 4L << 40) =>
        StartAsync(new XenSimFleetOptions { Pools = [SimulatedPools.Of(members, spares: 1, Password, shape, sharedBytes)] }, members);

    private static async Task<ComputeWorld> StartAsync(XenSimFleetOptions simulated, int hosts)
    {
        var fleet = await XenSimFleet.StartAsync(
            simulated with { Behaviour = new XenSimOptions { EventDelay = TimeSpan.FromMilliseconds(5), CoordinatorChangeTakes = TimeSpan.FromMilliseconds(200), EmergencyAfter = TimeSpan.Zero, HostAssumedDeadAfter = TimeSpan.FromSeconds(5) } },
            TimeProvider.System, CancellationToken.None);
        var world = new ComputeWorld(await TestDatabase.CreateAsync(Array.Empty<SqlSource>()), await TestDatabase.CreateAsync(ComputeCell.Sql), fleet, new SeededImages());
        world._parentRuntime = await world.RuntimeAsync(Parent, CellKind.Routing, world._parentDatabase, new Neighbour(Cell, NeighbourKind.Child));
        world.ParentCell = new ParentCell(world._parentRuntime, Cell);
        world.ParentCell.Start();
        await world.StartCellAsync();
        await world.ParentCell.HostsUpAsync(hosts);
        return world;
    }

    public async Task StartCellAsync()
    {
        _runtime = await RuntimeAsync(Cell, CellKind.Compute, Database, new Neighbour(Parent, NeighbourKind.Parent));
        Wires = new GatedWires(_http);
        _cell = ComputeCell.Start(_runtime, Options(), Wires, Images, Sink, Hooks);
    }

    /// <summary>What kill -9 does: nothing is finished.</summary>
    public void CrashCell()
    {
        _runtime!.Crash();
        _ended.Add(_runtime);
    }

    public Task<CellInspection> InspectAsync() => _cell!.InspectAsync(CancellationToken.None);

    /// <summary>kill -9, and the same cell again on its database.</summary>
    public async Task RestartCellAsync()
    {
        CrashCell();
        await StartCellAsync();
    }

    /// <summary>The same bytes under a new id: no SR has it cached.</summary>
    public void NewImage() => Images.Spec = Images.Spec with { Id = new ImageId(Guid.NewGuid()) };

    public BuildInstance NewBuild(Flavor? flavor = null) => new(
        new InstanceId(Guid.NewGuid()), 1, 1, 0, new ProjectId(Guid.NewGuid()), new UserId(Guid.NewGuid()), "req-1", "web", flavor ?? Small, Images.Spec, PlacementHints.None);

    public static DeleteInstance DeleteOf(BuildInstance build) => new(build.Instance, build.Epoch, build.Intent + 1, build.Project, "req-2");

    public async Task<InstanceRow> BuildAsync(BuildInstance build)
    {
        var active = ParentCell.RowAsync(build.Instance, r => r.VmState == VmState.Active);
        await ParentCell.SendAsync(build);
        return await active;
    }

    /// <summary>VMs and disks with the instance's stamp, counted by the simulator itself.</summary>
    public (int Running, int Vms, int Disks) Held(InstanceId id)
    {
        var accounts = Fleet.Account();   // each host of a pool lists the pool's VMs, and the disks of a repository that it shares
        return (
            accounts.Sum(h => h.Domains.Count(d => IsOf(d.OtherConfig, id))),
            accounts.SelectMany(h => h.Vms).Where(v => IsOf(v.OtherConfig, id)).Select(v => v.Uuid).Distinct().Count(),
            accounts.SelectMany(h => h.Disks).Where(d => d.Managed && IsOf(d.OtherConfig, id)).Select(d => d.Uuid).Distinct().Count());
    }

    /// <summary>Claim rows, and what providers say is promised: both must come to nothing when nothing is placed.</summary>
    public async Task<(long Claims, long Promised)> PromisedAsync() => (
        (await Database.QueryAsync<long>("select count(*) from claim")).Single(),
        (await Database.QueryAsync<long>("select coalesce(sum(promised), 0)::bigint from provider")).Single());

    /// <summary>As somebody else does who has the hosts' password: what is done here is done behind the cell's back.</summary>
    public Task<XapiSession> LogInAsync() => XenApiClient.LoginAsync(
        _http.Open(HostAddress.Parse(Fleet.Hosts.First(h => h.IsCoordinator).Url.GetLeftPart(UriPartial.Authority))), new XenCredentials("root", Password), "somebody else", CancellationToken.None);

    public async Task DeleteAsync(BuildInstance build)
    {
        var deleted = ParentCell.AnswerAsync<InstanceDeleted>(build.Instance);
        await ParentCell.SendAsync(DeleteOf(build));
        await deleted;
    }

    /// <summary>Everything on the hosts that nobody should have: unfinished clones, half-made cached images, tasks.</summary>
    public IReadOnlyList<string> Leftovers() =>
    [
        .. Fleet.Account().SelectMany(h => h.Disks)
            .Where(d => d.Managed && !(d.OtherConfig.TryGetValue("cells-self", out var self) && self == d.Uuid))
            .Select(d => $"{d.Name} {d.Uuid} [{string.Join(", ", d.OtherConfig)}]"),
    ];

    /// <summary>Whether a disk is there whose bytes are still being put into it: the mark of a source of clones comes last.</summary>
    public bool IsFetching => Fleet.Account().SelectMany(h => h.Disks).Any(d => d.OtherConfig.ContainsKey("cells-image") && !d.OtherConfig.ContainsKey("cells-self"));

    public async ValueTask DisposeAsync()
    {
        if (!_ended.Contains(_runtime!))
            await _runtime!.StopAsync("test over");
        await _parentRuntime!.StopAsync("test over");
        foreach (var ended in _ended)
            await ended.DisposeAsync();
        await Fleet.DisposeAsync();
        _http.Dispose();
        await Database.DisposeAsync();
        await _parentDatabase.DisposeAsync();
    }

    private static bool IsOf(IReadOnlyDictionary<string, string> otherConfig, InstanceId id) =>
        otherConfig.TryGetValue("cells-instance", out var text) && text == id.ToString();

    private ComputeOptions Options() => new()
    {
        Hosts = [.. Fleet.Hosts.Where(h => h.Uuid != "").GroupBy(h => h.Pool).Select(p => new HostLogin(HostAddress.Parse(p.Last().Url.GetLeftPart(UriPartial.Authority)), new XenCredentials("root", Password)))],
        Sessions = new SessionVault(new byte[32], _ids),
        TicketPatience = TimeSpan.FromSeconds(2),
        GuestPatience = GuestPatience,
        SweepInterval = TimeSpan.FromMilliseconds(300),
    };

    private Task<CellRuntime> RuntimeAsync(CellName name, CellKind kind, TestDatabase database, Neighbour neighbour) => CellRuntime.StartAsync(
        new CellRuntimeOptions
        {
            Name = name,
            Id = new Guid(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(name.Value)).AsSpan(0, 16)),
            Kind = kind,
            ConnectionString = database.ConnectionString,
            Migrations = [],
            Neighbours = [neighbour],
            Transport = _transport,
            Keys = _keys,
            Dispatcher = new ThreadPoolDispatcher(),
            Time = TimeProvider.System,
            Ids = _ids,
            Seed = 1,
            Loggers = new LoggerFactory([new TestLog(name.Value)]),
        },
        CancellationToken.None);
}

/// <summary>One image's bytes, the same at every reading.</summary>
internal sealed class SeededImages : IImageSource
{
    private readonly byte[] _bytes = new byte[3_000_000];
    private readonly System.Collections.Concurrent.ConcurrentDictionary<ImageId, byte[]> _others = [];
    private int _opened;

    public SeededImages()
    {
        new Random(7).NextBytes(_bytes);
        Spec = new ImageSpec(new ImageId(Guid.NewGuid()), _bytes.Length, Convert.ToHexStringLower(SHA256.HashData(_bytes)), "raw");
    }

    public ImageSpec Spec { get; set; }

    public int Opened => Volatile.Read(ref _opened);

    /// <summary>Another image beside the one that all others are.</summary>
    public void Serve(ImageId image, byte[] bytes) => _others[image] = bytes;

    public Task<IByteSource> OpenAsync(ImageSpec image, ImageTicket ticket, CancellationToken stop)
    {
        Interlocked.Increment(ref _opened);
        return Task.FromResult<IByteSource>(new Bytes(_others.GetValueOrDefault(image.Id, _bytes)));
    }

    private sealed class Bytes(byte[] bytes) : IByteSource
    {
        public long Length => bytes.Length;

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
        {
            for (var at = 0; at < bytes.Length; at += 65_536)
            {
                stop.ThrowIfCancellationRequested();
                await Task.CompletedTask;
                yield return bytes.AsMemory(at, Math.Min(65_536, bytes.Length - at));
            }
        }
    }
}

/// <summary>A home that keeps what it is sent, or is away, or wants it no more.</summary>
internal sealed class KeptImages : IImageSink
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ImageId, byte[]> _kept = [];
    private int _tries;

    /// <summary>So many more tries end without an answer, each after all bytes have come.</summary>
    public int Away { get; set; }

    public string? Refusal { get; set; }

    public int Tries => Volatile.Read(ref _tries);

    public byte[]? Of(ImageId image)
    {
        lock (_lock)
            return _kept.GetValueOrDefault(image);
    }

    public async Task<ImageSent> SendAsync(ImageTicket ticket, IByteSource bytes, CancellationToken stop)
    {
        Interlocked.Increment(ref _tries);
        using var taken = new MemoryStream();
        await foreach (var piece in new SealedSource(bytes).ReadAsync(stop))
            taken.Write(piece.Span);
        var all = taken.ToArray();
        if (!SHA256.HashData(all.AsSpan(0, all.Length - 32)).AsSpan().SequenceEqual(all.AsSpan(all.Length - 32)))
            throw new InvalidOperationException("the digest behind the bytes is not theirs");
        lock (_lock)
        {
            if (Refusal is { } refusal)
                return new ImageSent.Refused(refusal);
            if (Away-- > 0)
                throw new ImageSourceException("the home is away");
            _kept[ticket.Image] = all[..^32];
            return new ImageSent.Stored();
        }
    }
}

/// <summary>Cell logs go to the test's output, so that a failure shows what the cell said.</summary>
internal sealed class TestLog(string cell) : ILoggerProvider, ILogger
{
    private readonly TextWriter _out = NUnit.Framework.TestContext.Out;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _out.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {cell} {logLevel} {eventId.Id} {formatter(state, exception)} {exception}");

    public void Dispose() { }
}
