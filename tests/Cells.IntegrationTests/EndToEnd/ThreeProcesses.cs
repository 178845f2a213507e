using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Messaging.Storage.PrivateClusters;
using Cells.Messaging.Transports.PrivateBrokers;
using Cells.Messaging.Transports.RabbitMq;
using Cells.TestKit;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>
/// The tree of Cells.Host/samples/three-processes, brought up from those files by the steps of docs/operator/install.md, over a PostgreSQL server and a
/// RabbitMQ broker that know nothing of it, with simulated hosts in a process of their own.
/// </summary>
internal sealed class ThreeProcesses : IAsyncDisposable
{
    private static readonly string[] AllCells = ["global", "east", "east-1", "east-2"];

    private readonly string _directory;
    private readonly Dictionary<string, string> _doors = [];
    private PrivateCluster _cluster = null!;
    private CellsProcess _hosts = null!;
    private string _apiData = "";

    private ThreeProcesses(string directory) => _directory = directory;

    public PrivateBroker Broker { get; private set; } = null!;
    public CellsProcess Api { get; private set; } = null!;
    public CellsProcess East1 { get; private set; } = null!;
    public CellsProcess East2 { get; private set; } = null!;
    public SimDoor Sim { get; private set; } = null!;

    public string Said => $"--- api\n{Api?.Said}\n--- east-1\n{East1?.Said}\n--- east-2\n{East2?.Said}";

    public static async Task<ThreeProcesses> StartAsync()
    {
        TestBroker.RequireRabbitMq();
        var tree = new ThreeProcesses(TestCluster.NewDirectory());
        try
        {
            tree._cluster = await TestCluster.SharedAsync();
            tree.Broker = await PrivateBroker.StartAsync(
                new PrivateBrokerOptions(Path.Combine(tree._directory, "rabbitmq"), BrokerDefinitions.Of([])), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
            await tree.StartHostsAsync();
            await tree.WriteFilesAsync();
            await tree.BringUpAsync();
            return tree;
        }
        catch
        {
            await TestContext.Out.WriteLineAsync(tree.Said);
            await tree.DisposeAsync();
            throw;
        }
    }

    /// <summary>What an operator does again after a broker has lost everything.</summary>
    public async Task ImportDefinitionsAsync()
    {
        foreach (var file in new[] { "api", "east-1", "east-2" })
            await ImportDefinitionsOfAsync(file);
    }

    /// <summary>Enters by the openrc of the API process.</summary>
    public async Task<CloudClient> EnterAsync() => await CloudClient.EnterAsync(OpenRc.Read(_apiData)!, CancellationToken.None);

    /// <summary>Enters by the door of another process of the API cell, as the same user.</summary>
    public async Task<CloudClient> EnterByAsync(string another) =>
        await CloudClient.EnterAsync(OpenRc.Read(_apiData)! with { AuthUrl = new Uri($"{_doors[another]}/identity/v3") }, CancellationToken.None);

    public async Task<TestCloud> EnterForTestsAsync() => new(await EnterAsync(), () => Said);

    /// <summary>A second process of a cell, as on another machine: the same file, another data directory, with a copy of what makes it that cell.</summary>
    /// <param name="until">The word that it says when it has come so far.</param>
    public Task<CellsProcess> StartStandbyAsync(string process, string until) => StartAnotherAsync(process, $"{process}-standby", until);

    /// <summary>The same, by a name of its own.</summary>
    public Task<CellsProcess> StartNodeAsync(string process, string node, string until) => StartAnotherAsync(process, $"{process}-{node}", until, "--node", node);

    private async Task<CellsProcess> StartAnotherAsync(string process, string another, string until, params string[] words)
    {
        var data = Path.Combine(_directory, another);
        foreach (var path in Directory.GetFiles(Path.Combine(_directory, process, "keys"), "*", SearchOption.AllDirectories).Append(Path.Combine(_directory, process, "cells.json")))
        {
            var copy = Path.Combine(data, Path.GetRelativePath(Path.Combine(_directory, process), path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }
        var file = FileOf(another);
        var listen = $"127.0.0.1:{FreePort()}";
        var images = Path.Combine(_directory, process, "images");
        if (Directory.Exists(images))
            Directory.CreateSymbolicLink(Path.Combine(data, "images"), images);      // a shared file system
        _doors[another] = $"http://{listen}";
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(FileOf(process))).Replace($"data: {Path.Combine(_directory, process)}", $"data: {data}", StringComparison.Ordinal).Replace($"127.0.0.1:{_doorPort}", listen, StringComparison.Ordinal));
        return await CellsProcess.StartAsync(until, ["run", "--config", file, .. words]);
    }

    /// <summary>How a compute cell's pools are divided, by its own database.</summary>
    public async Task<IReadOnlyList<OwnedPool>> PoolsOfAsync(string cell)
    {
        await using var connection = new NpgsqlConnection(_cluster.ConnectionString($"cells_{cell}"));
        return [.. await connection.QueryAsync<OwnedPool>("""
            select pool_node.pool_name as name, pool_node.node as given, coalesce(assignment.epoch, 0) as epoch, coalesce(lease.name, '') as owner
              from pool_node
              left join pool on pool.name = pool_node.pool_name
              left join assignment on assignment.pool_id = pool.id
              left join lease on lease.holder = assignment.node and lease.name like 'node:%'
             order by pool_node.pool_name
            """)];
    }

    public string FileOf(string process) => Path.Combine(_directory, "etc", $"{process}.yaml");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { East1, East2, Api, _hosts }.Where(process => process is not null))
            await process.DisposeAsync();
        if (Broker is not null)
            await Broker.RemoveAsync(CancellationToken.None);
        if (_cluster is not null)
            foreach (var cell in AllCells)
                await _cluster.DropDatabaseAsync($"cells_{cell}", CancellationToken.None);
        Directory.Delete(_directory, recursive: true);
    }

    /// <param name="Given">To whom the plan gives it.</param>
    /// <param name="Owner">The node lease of who has taken it; empty when that process has ended in order, or is not known.</param>
    internal sealed record OwnedPool(string Name, string Given, long Epoch, string Owner)
    {
        public bool IsOwnedBy(string node) => Given == node && Owner == $"node:{node}";
    }

    private async Task StartHostsAsync()
    {
        var hosts = Directory.CreateDirectory(Path.Combine(_directory, "hosts")).FullName;
        await WriteSecretAsync(Path.Combine(Etc, "hosts.password"), "of-the-hosts");
        await WriteSecretAsync(Path.Combine(Etc, "database.password"), "not-asked-for-by-this-server");
        _hosts = await CellsProcess.StartAsync(
            "simulated hosts listen", "xensim", "--group", "east-1=2", "--group", "east-2=2", "--data", hosts,
            "--ready-file", Path.Combine(hosts, "xensim.ready"), "--control-port", "0", "--password-file", Path.Combine(Etc, "hosts.password"));
        Sim = new SimDoor(await SimDoor.ControlOfAsync(_directory));
    }

    /// <summary>The samples, with this test's addresses in place of theirs.</summary>
    private async Task WriteFilesAsync()
    {
        var ready = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_directory, "hosts", "xensim.ready")))!["hosts"]!.AsArray();
        foreach (var process in new[] { "api", "east-1", "east-2" })
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Samples, $"{process}.yaml"));
            foreach (var (sample, here) in new[]
            {
                ("/var/lib/cells", _directory), ("/etc/cells", Etc), ("Host=127.0.0.1;Port=5432;Username=cells", $"Host=127.0.0.1;Port={_cluster.Port};Username={PrivateCluster.User}"),
                ("127.0.0.1:5672", $"127.0.0.1:{Broker.Port}"), ("127.0.0.1:8774", $"127.0.0.1:{_doorPort}"),
                ("http://127.0.0.1:8111", Host(0)), ("http://127.0.0.1:8112", Host(1)), ("http://127.0.0.1:8121", Host(2)), ("http://127.0.0.1:8122", Host(3)),
            })
                text = text.Replace(sample, here, StringComparison.Ordinal);
            await File.WriteAllTextAsync(FileOf(process), text);
        }

        string Host(int index) => ((string)ready[index]!["url"]!).TrimEnd('/');
    }

    private async Task BringUpAsync()
    {
        await SucceedAsync("config", "check", FileOf("api"));
        await ImportDefinitionsOfAsync("api");
        Api = await CellsProcess.StartAsync("ready:", "run", "--config", FileOf("api"));
        _apiData = Path.Combine(_directory, "api");
        East1 = await JoinAsync("east-1");
        East2 = await JoinAsync("east-2");
        using var cloud = await EnterAsync();
        await Eventually.SeeAsync("all four hosts are up", TimeSpan.FromMinutes(2),
            async () => (await cloud.GetAsync("cells", "/hosts", CancellationToken.None))["hosts"]!.AsArray().Count(host => (string)host!["status"]! == "up"), up => up == 4);
        var flavor = new JsonObject { ["flavor"] = new JsonObject { ["id"] = "1", ["name"] = "m1.tiny", ["vcpus"] = 1, ["ram"] = 512, ["disk"] = 1 } };
        await cloud.SendAsync(HttpMethod.Post, "compute", "/flavors", flavor, CancellationToken.None);
    }

    private async Task<CellsProcess> JoinAsync(string cell)
    {
        await SucceedAsync("cell", "token", cell, "--config", FileOf("api"), "--out", Path.Combine(Etc, $"{cell}.token"));
        await SucceedAsync("config", "check", FileOf(cell));
        await ImportDefinitionsOfAsync(cell);
        return await CellsProcess.StartAsync("ready:", "run", "--config", FileOf(cell));
    }

    private async Task ImportDefinitionsOfAsync(string process)
    {
        var definitions = Path.Combine(_directory, $"{process}.json");
        await SucceedAsync("bus", "definitions", "--config", FileOf(process), "--out", definitions);
        await Broker.ControlAsync(["import_definitions", definitions], CancellationToken.None);
    }

    private static async Task SucceedAsync(params string[] words)
    {
        var ended = await CellsUp.RunCellsAsync(words);
        Assert.That(ended.Code, Is.Zero, $"cells {string.Join(' ', words)}\n{ended.Said}");
    }

    private readonly int _doorPort = FreePort();

    private string Etc => Directory.CreateDirectory(Path.Combine(_directory, "etc")).FullName;

    private static string Samples => Path.Combine(ReplayTests.Repository, "Cells.Host", "samples", "three-processes");

    private static int FreePort() => global::Cells.Host.Up.FreePort.Resolve(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)).Port;

    private static async Task WriteSecretAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
