using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using Cells.XenSim.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cells.XenSim.Fleet;

/// <summary>Simulated hosts that listen on loopback ports, each on its own, and the simulator's control door beside them.</summary>
public sealed class XenSimFleet : IAsyncDisposable
{
    private const int FirstOwnPort = 20_000, OwnPorts = 12_000;

    private static int s_portsTried;

    private readonly WebApplication _app;
    private readonly FleetDirectory? _directory;
    private readonly DiskBytes _disks;
    private readonly IReadOnlyList<(string Host, PoolGate Gate, ListenOptions Endpoint)> _hosts;
    private readonly ListenOptions? _control;

    private XenSimFleet(
        WebApplication app, FleetDirectory? directory, DiskBytes disks, IReadOnlyList<(string, PoolGate, ListenOptions)> hosts, ListenOptions? control) =>
        (_app, _directory, _disks, _hosts, _control) = (app, directory, disks, hosts, control);

    /// <summary>All hosts in the order of the options.</summary>
    public IReadOnlyList<XenSimHostEndpoint> Hosts => [.. _hosts.Select(h =>
    {
        var info = h.Gate.Hosts.Single(i => i.Name == h.Host);
        return new XenSimHostEndpoint(h.Host, UrlOf(h.Endpoint), info.Uuid, info.Powered, info.Answers, h.Gate.Hosts[0].Name, info.IsCoordinator);
    })];

    /// <summary>Base of the control door, or null when it is closed.</summary>
    public Uri? ControlUrl => _control is null ? null : UrlOf(_control);

    /// <summary>What the simulator itself says runs, host by host.</summary>
    public IReadOnlyList<HostAccount> Account() => [.. Gates.SelectMany(g => g.Account())];

    private IEnumerable<PoolGate> Gates => _hosts.Select(h => h.Gate).Distinct();

    /// <summary>Starts the hosts; returns when all listen.</summary>
    /// <exception cref="ArgumentException">Two hosts of one name.</exception>
    /// <exception cref="IOException">A port is taken, or another simulator works on the data directory.</exception>
    public static async Task<XenSimFleet> StartAsync(XenSimFleetOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var names = options.Pools.SelectMany(p => p.Hosts).Select(h => h.Name).ToList();
        if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"two hosts are named '{twice.Key}': names are unique over a fleet", nameof(options));
        var directory = options.DataDirectory is null ? null : FleetDirectory.Open(options.DataDirectory);
        var gates = new List<PoolGate>();
        var disks = new DiskBytes(directory?.Disks);
        try
        {
            var hosts = new List<(string Name, PoolGate Gate, IPEndPoint Listen)>();
            var number = 0UL;
            foreach (var shape in options.Pools)
            {
                var gate = OpenPool(shape, options, number++, directory, time);
                gates.Add(gate);
                var port = directory?.PortOf(shape.Hosts[0].Name)
                    ?? (options.FirstPort > 0 ? options.FirstPort + hosts.Count
                        : shape.Hosts.Count > 1 || directory is not null ? FreePort([.. shape.Hosts.Select(AddressOf)]) : 0);
                foreach (var host in shape.Hosts) hosts.Add((host.Name, gate, new IPEndPoint(AddressOf(host), port)));
            }
            disks.KeepOnly(gates.SelectMany(g => g.Contents()).ToHashSet(StringComparer.Ordinal));
            var fleet = await ListenAsync(hosts, options.ControlPort, directory, disks, cancellation);
            directory?.RememberPorts(fleet.Hosts);
            if (options.ReadyFile is not null) fleet.WriteReadyFile(options.ReadyFile);
            return fleet;
        }
        catch
        {
            foreach (var gate in gates) gate.Dispose();
            disks.Dispose();
            directory?.Dispose();
            throw;
        }
    }

    /// <summary>Runs the fleet until cancelled: the whole of the command `cells xensim`.</summary>
    /// <param name="started">Told once when all hosts listen.</param>
    public static async Task RunAsync(XenSimFleetOptions options, TimeProvider time, Action<XenSimFleet>? started, CancellationToken cancellation)
    {
        await using var fleet = await StartAsync(options, time, cancellation);
        started?.Invoke(fleet);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellation.Register(() => end.TrySetResult());
        await end.Task;
    }

    /// <summary>Lets something go wrong.</summary>
    /// <param name="host">Names the pool it concerns; null: the pool that the fault itself names, else every pool.</param>
    /// <exception cref="ArgumentException">Nothing of that name.</exception>
    public void Inject(SimFault fault, string? host = null)
    {
        host ??= fault switch
        {
            SimFault.OnCall f => f.Host,
            SimFault.RestartToolstack f => f.Host,
            SimFault.PowerLoss f => f.Host,
            SimFault.ForeignVm f => f.Host,
            SimFault.PowerOn f => f.Host,
            SimFault.CutNetwork f => f.Host,
            SimFault.ChangeCoordinator f => f.Host,
            SimFault.JoinHost f => f.Host,
            SimFault.MoveVm f => f.Host,
            SimFault.GuestEnds f => Holding(a => a.Vms.Any(v => v.Uuid == f.VmUuid), $"VM {f.VmUuid}"),
            SimFault.GuestIgnores f => Holding(a => a.Vms.Any(v => v.Uuid == f.VmUuid), $"VM {f.VmUuid}"),
            SimFault.FillStorage { SrUuid: { } sr } => Holding(a => a.Storage.Any(s => s.Uuid == sr), $"SR {sr}"),
            _ => null,
        };
        if (host is not null && _hosts.All(h => h.Host != host))
            throw new ArgumentException($"no host named '{host}'; there are {string.Join(", ", _hosts.Select(h => h.Host))}", nameof(host));
        foreach (var gate in host is null ? Gates : _hosts.Where(h => h.Host == host).Select(h => h.Gate)) gate.Inject(fault);
    }

    public async ValueTask DisposeAsync()
    {
        // Long polls would keep the server from stopping: their connections end first.
        foreach (var gate in Gates) gate.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _disks.Dispose();
        _directory?.Dispose();
    }

    private string Holding(Func<HostAccount, bool> has, string what) =>
        Account().FirstOrDefault(has)?.Name ?? throw new ArgumentException($"no host has {what}");

    private static PoolGate OpenPool(PoolShape shape, XenSimFleetOptions options, ulong number, FleetDirectory? directory, TimeProvider time)
    {
        var seed = options.Seed + (number << 32);
        if (directory is null) return new PoolGate(new XenSimCore(shape, options.Behaviour, seed, time.GetUtcNow()), null, time);
        var path = directory.JournalOf(shape.Hosts[0].Name);
        var (pool, journaledSeed) = JournalReader.Read(path, shape, options.Behaviour, time.GetUtcNow())
            ?? (new XenSimCore(shape, options.Behaviour, seed, time.GetUtcNow()).Pool, seed);
        return new PoolGate(new XenSimCore(pool), new PoolJournal(path, pool, journaledSeed), time);
    }

    private static async Task<XenSimFleet> ListenAsync(
        List<(string Name, PoolGate Gate, IPEndPoint Listen)> hosts, int? controlPort, FleetDirectory? directory, DiskBytes disks, CancellationToken cancellation)
    {
        var endpoints = new List<ListenOptions>();
        ListenOptions? control = null;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;   // disks are imported by PUT; the RPC limit is the core's
            kestrel.Limits.MinRequestBodyDataRate = null;
            foreach (var (_, _, listen) in hosts) kestrel.Listen(listen, Http1(endpoints.Add));
            if (controlPort is { } own) kestrel.Listen(IPAddress.Loopback, own, Http1(e => control = e));
        });
        var app = builder.Build();

        // Ports are known only once all listen; who calls before that meets a host that is not up yet.
        FrozenDictionary<IPEndPoint, RequestDelegate>? routes = null;
        app.Run(context =>
        {
            if (Volatile.Read(ref routes) is { } known) return known[new IPEndPoint(context.Connection.LocalIpAddress!, context.Connection.LocalPort)](context);
            context.Abort();
            return Task.CompletedTask;
        });
        await app.StartAsync(cancellation);

        var fleet = new XenSimFleet(app, directory, disks, [.. hosts.Zip(endpoints, (h, e) => (h.Name, h.Gate, e))], control);
        var urls = fleet._hosts.ToDictionary(h => h.Host, h => UrlOf(h.Endpoint), StringComparer.Ordinal);
        var handlers = fleet._hosts.ToDictionary(h => h.Endpoint.IPEndPoint!, h => (RequestDelegate)new HostSurface(h.Host, h.Gate, urls, disks).HandleAsync);
        if (control is not null) handlers.Add(control.IPEndPoint!, new ControlDoor(fleet).HandleAsync);
        Volatile.Write(ref routes, handlers.ToFrozenDictionary());
        return fleet;
    }

    private static Action<ListenOptions> Http1(Action<ListenOptions> keep) => endpoint =>
    {
        endpoint.Protocols = HttpProtocols.Http1;
        keep(endpoint);
    };

    private static Uri UrlOf(ListenOptions endpoint) => new($"http://{endpoint.IPEndPoint}/");

    /// <exception cref="ArgumentException">The shape's address is not one of this machine's loopback.</exception>
    private static IPAddress AddressOf(HostShape host) => IPAddress.TryParse(host.Address, out var address) && IPAddress.IsLoopback(address)
        ? address
        : throw new ArgumentException($"host '{host.Name}' has the address '{host.Address}'; a simulated host listens on a loopback address such as 127.0.0.1");

    /// <summary>
    /// A port that is free at each of these addresses now; taken by somebody else before we listen, the start fails and says so. It lies below the ports that
    /// Linux gives to outgoing connections (32768 on): one that is remembered is still free when the fleet comes back.
    /// </summary>
    private static int FreePort(IReadOnlyList<IPAddress> addresses)
    {
        for (var attempt = 0; ; attempt++)
        {
            // Fleets of one process never try the same one, those of two processes hardly ever at the same time.
            var port = FirstOwnPort + (int)(((uint)Environment.ProcessId * 97 + (uint)Interlocked.Increment(ref s_portsTried)) % OwnPorts);
            var taken = new List<TcpListener>();
            try
            {
                foreach (var address in addresses)
                {
                    var probe = new TcpListener(address, port);
                    probe.Start();
                    taken.Add(probe);
                }
                return port;
            }
            catch (SocketException) when (attempt < OwnPorts)
            {
                // Another process has that port at one of the addresses.
            }
            finally
            {
                foreach (var probe in taken) probe.Dispose();
            }
        }
    }

    private void WriteReadyFile(string path)
    {
        var text = JsonSerializer.Serialize(new { hosts = Hosts.Select(h => new { h.Name, h.Url, h.Uuid, h.Pool }), control = ControlUrl }, ControlDoor.Json);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>The fleet ends when its owner says so, not by console signals of its own.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
