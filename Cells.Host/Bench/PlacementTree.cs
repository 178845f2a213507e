using System.Net;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Host.Clients;
using Cells.Host.Configuration;
using Cells.Host.Up;
using Microsoft.Extensions.Logging;

namespace Cells.Host.Bench;

/// <summary>Two levels of cells in this process, over a private PostgreSQL of its own; the hosts are simulated by another process, and idle.</summary>
internal sealed class PlacementTree : IAsyncDisposable
{
    public const int Hosts = 100;

    /// <summary>Of the flavor that is placed; see <see cref="Shape"/>.</summary>
    public const int InstancesPerHost = 96 * 4;

    private static readonly SimulatedHostShape Shape = new(Vcpus: 96, MemoryGib: 512, DiskGib: 8192);
    private static readonly TimeSpan HostsWithin = TimeSpan.FromSeconds(60), LookEvery = TimeSpan.FromMilliseconds(200);
    private static readonly CellName Top = CellName.Parse("global"), Cell = CellName.Parse("cell-1");

    private readonly ILoggerFactory _loggers = Loggers.ToStandardError(LogLevel.Warning);
    private readonly string _path;
    private DataDirectory? _directory;
    private SimulatorProcess? _simulator;
    private Bus? _bus;

    private PlacementTree(string path) => _path = path;

    public Databases Databases { get; private set; } = null!;
    public TreeProcess Process { get; private set; } = null!;
    public int PostmasterPid => CpuTime.Postmaster(_directory!.Postgres);
    public OpenRc Rc { get; private set; } = null!;

    public Task<string> TopDatabaseAsync(CancellationToken stop) => Databases.EnsureAsync(Top, stop);
    public Task<string> CellDatabaseAsync(CancellationToken stop) => Databases.EnsureAsync(Cell, stop);

    public static async Task<PlacementTree> StartAsync(BusChoice bus, IIdSource ids, TimeProvider time, CancellationToken stop)
    {
        var tree = new PlacementTree(Path.Combine(Path.GetTempPath(), $"cells-bench-{ids.NewGuid():N}"));
        try
        {
            await tree.StartPartsAsync(bus, ids, time, stop);
            return tree;
        }
        catch
        {
            await tree.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Process is not null)
            await Process.DisposeAsync();
        if (_bus is not null)
            await _bus.DisposeAsync();
        if (_simulator is not null)
            await _simulator.EndAsync(CancellationToken.None);
        if (Databases is not null)
            await Databases.DisposeAsync();
        _directory?.Dispose();
        _loggers.Dispose();
        if (Directory.Exists(_path))
            Directory.Delete(_path, recursive: true);
    }

    private async Task StartPartsAsync(BusChoice bus, IIdSource ids, TimeProvider time, CancellationToken stop)
    {
        var topology = new Topology(
            [new(Top, CellKind.Api, null, "nova", 0, []), new(Cell, CellKind.Compute, Top, "nova", Hosts, [])], Shape);
        Directory.CreateDirectory(_path);
        _directory = new DataDirectory(_path, ids);
        // Two cells, and two databases more for the limit (PlacementLimit).
        Databases = await Databases.PrivateAsync(_directory.Postgres, topology.Cells.Count + 2, time, _loggers.CreateLogger("Cells.Bench"), stop);
        _bus = await Bus.StartAsync(bus, _directory, topology, time, _loggers, stop);
        _simulator = await SimulatorProcess.StartAsync(
            _directory.Hosts,
            [
                "--group", $"{Cell}={Hosts}", "--vcpus", $"{Shape.Vcpus}", "--memory-gib", $"{Shape.MemoryGib}", "--disk-gib", $"{Shape.DiskGib}",
                "--latency", "instant", "--password-file", _directory.HostPasswordFile, "--control-port", "0",
            ],
            time, stop);
        Process = await TreeProcess.StartAsync(
            new TreeParts(topology, _directory, Databases, _simulator.Fleet, (await File.ReadAllTextAsync(_directory.HostPasswordFile, stop)).Trim(),
                FreePort.Resolve(new IPEndPoint(IPAddress.Loopback, 0)), time, ids, _loggers) { Images = new WithheldImages(), Transport = _bus.Transport },
            stop);
        Rc = Process.WriteEntry();
        using var cloud = await CloudClient.EnterAsync(Rc, stop);
        var began = time.GetTimestamp();
        while (((int?)(await cloud.GetAsync("cells", "/cells", stop))["cells"]!.AsArray().FirstOrDefault(c => (string)c!["name"]! == Cell.Value)?["hosts_up"] ?? 0) < Hosts)
        {
            if (time.GetElapsedTime(began) > HostsWithin)
                throw new CellsException($"The simulated hosts are not all up after {HostsWithin.TotalSeconds:0} s.");
            await Task.Delay(LookEvery, time, stop);
        }
    }
}
