using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Host.Clients;
using Cells.Host.Configuration;
using Cells.Host.Observability;
using Cells.Host.Up;
using Microsoft.Extensions.Logging;

namespace Cells.Host.Commands;

/// <summary>`cells up`: a whole tree on this machine, in the foreground, until it is ended. Everything it needs it starts, and says so.</summary>
internal static class UpCommand
{
    /// <summary>How long the tree may take to hear all its hosts before `up` says what is missing and is ready all the same.</summary>
    private static readonly TimeSpan HostsWithin = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Each fits on one default host, and all have a disk: instances boot from local storage.</summary>
    private static readonly (string Id, string Name, int Vcpus, int MemoryMib, int DiskGib)[] Flavors =
    [
        ("1", "m1.tiny", 1, 512, 1), ("2", "m1.small", 1, 2048, 10), ("3", "m1.medium", 2, 4096, 20), ("4", "m1.large", 4, 8192, 40), ("5", "m1.xlarge", 8, 16_384, 80),
    ];

    public static Command Create()
    {
        var data = CommandLine.DataOption();
        var topology = new Option<string?>("--topology") { Description = "YAML file with the tree of cells; without it: global > east, west > two compute cells each." };
        var listen = new Option<string>("--listen") { Description = "HOST:PORT of the door; port 0 chooses a free one.", DefaultValueFactory = _ => UpOptions.DefaultListen };
        var database = new Option<string?>("--database") { Description = "Connection string of a PostgreSQL server; without it a private one is started." };
        var bus = new Option<string>("--bus")
        {
            Description = "in-process; rabbitmq: a private RabbitMQ node is started; rabbitmq=URL: a broker with the accounts of `cells bus definitions`.",
            DefaultValueFactory = _ => BusChoice.InProcess,
        };
        var hosts = new Option<int>("--hosts") { Description = "Simulated hosts per compute cell.", DefaultValueFactory = _ => UpOptions.DefaultHosts };
        var latency = new Option<string>("--latency") { Description = "How long calls to simulated hosts take: instant or realistic.", DefaultValueFactory = _ => UpOptions.DefaultLatency }
            .AcceptOnlyFromAmong("instant", "realistic");
        var command = new Command("up", "Run a whole tree on this machine: cells, databases, simulated hosts, the API.") { data, topology, listen, database, bus, hosts, latency };
        var otlp = OtlpTarget.Option();
        command.Add(otlp);
        var logLevel = LogLevels.Option("warning");
        command.Add(logLevel);
        command.SetAction((parsed, stop) => RunAsync(
            new UpOptions(
                parsed.GetValue(data)!, parsed.GetValue(topology), UpOptions.ParseListen(parsed.GetValue(listen)!), parsed.GetValue(database),
                BusChoice.Parse(parsed.GetValue(bus)!), HostCount(parsed.GetValue(hosts)), parsed.GetValue(latency)!)
            {
                Otlp = OtlpTarget.Read(parsed.GetValue(otlp)),
                LogLevel = LogLevels.Of(parsed.GetValue(logLevel)!),
            },
            stop));
        return command;
    }

    private static int HostCount(int hosts) => hosts is >= 0 and <= 1000
        ? hosts
        : throw new CellsException($"--hosts must be from 0 to 1000, not {hosts}.");

    private static async Task<int> RunAsync(UpOptions options, CancellationToken stop)
    {
        // Everything that can be wrong about the words is found before anything is started.
        var topology = options.TopologyFile is { } file ? Topology.Read(file, options.HostsPerCell) : Topology.Default(options.HostsPerCell);
        var (time, ids) = (SystemTime.Provider, new SystemIds());
        using var directory = new DataDirectory(options.Data, ids);
        directory.NoteStart(options.Words(directory.Path));
        using var telemetry = new Telemetry(options.Otlp, directory.Id);
        using var loggers = Loggers.ToStandardError(options.LogLevel, telemetry.Logs);
        SimulatorProcess? simulator = null;
        try
        {
            await using var databases = options.Database is { } named
                ? await Databases.NamedAsync(named, stop)
                : await Databases.PrivateAsync(directory.Postgres, topology.Cells.Count, time, loggers.CreateLogger("Cells.Up"), stop);
            Say($"{databases.Told}");
            await using var bus = await Bus.StartAsync(options.Bus, directory, topology, time, loggers, stop);
            if (bus.Told is { } told)
                Say(told);
            simulator = await StartSimulatorAsync(topology, directory, options.Latency, time, stop);
            if (simulator is not null)
                Say($"{(simulator.TakenOver ? "took over the running simulator of" : "started a simulator of")} {simulator.Fleet.Hosts.Count} XenServer hosts (process {simulator.Pid})");

            await using var tree = await TreeProcess.StartAsync(
                new TreeParts(topology, directory, databases, simulator?.Fleet, await File.ReadAllTextAsync(directory.HostPasswordFile, stop) is var p ? p.Trim() : "",
                    FreePort.Resolve(options.Listen), time, ids, loggers) { Transport = bus.Transport, Telemetry = telemetry }, stop);
            var rc = tree.WriteEntry();
            using var cloud = await CloudClient.EnterAsync(rc, stop);
            await EnsureFlavorsAsync(cloud, stop);
            var missing = await WaitForHostsAsync(cloud, topology, time, stop);
            Introduce(topology, directory, tree, options.Data, missing);

            await tree.WaitAsync(stop);
            Say("ending: the cells stop; what they were doing goes on at the next start");
        }
        finally
        {
            if (simulator is not null)
                await simulator.EndAsync(CancellationToken.None);
        }
        Say("ended");
        return 0;
    }

    private static async Task<SimulatorProcess?> StartSimulatorAsync(
        Topology topology, DataDirectory directory, string latency, TimeProvider time, CancellationToken stop)
    {
        var groups = topology.Cells.Where(c => c.SimulatedHosts > 0).Select(c => $"{c.Name}={c.SimulatedHosts}").ToList();
        var pools = topology.Cells.SelectMany(c => c.SimulatedPools.Select(p => $"{c.Name}-{p.Name}={p.Hosts}+{p.Spares}")).ToList();
        if (groups.Count + pools.Count == 0)
            return null;
        var shape = topology.HostShape;
        return await SimulatorProcess.StartAsync(
            directory.Hosts,
            [
                .. groups.SelectMany(g => new[] { "--group", g }),
                .. pools.SelectMany(p => new[] { "--pool", p }),
                "--vcpus", Text(shape.Vcpus), "--memory-gib", Text(shape.MemoryGib), "--disk-gib", Text(shape.DiskGib), "--shared-disk-gib", Text(shape.SharedDiskGib),
                "--latency", latency, "--password-file", directory.HostPasswordFile, "--control-port", "0",
            ],
            time, stop);

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Through the door, as an operator would; those that are there stay as they are.</summary>
    private static async Task EnsureFlavorsAsync(CloudClient cloud, CancellationToken stop)
    {
        foreach (var f in Flavors)
        {
            var body = new JsonObject { ["flavor"] = new JsonObject { ["id"] = f.Id, ["name"] = f.Name, ["vcpus"] = f.Vcpus, ["ram"] = f.MemoryMib, ["disk"] = f.DiskGib } };
            var answer = await cloud.SendAsync(HttpMethod.Post, "compute", "/flavors", body, stop);
            if (!answer.IsSuccess && answer.Status != HttpStatusCode.Conflict)
                throw new CellsException($"The flavor {f.Name} could not be made: {(int)answer.Status} {answer.Fault}");
        }
    }

    /// <returns>The cells whose hosts are not all up, in words; empty when nothing is missing.</returns>
    private static async Task<IReadOnlyList<string>> WaitForHostsAsync(CloudClient cloud, Topology topology, TimeProvider time, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var missing = Missing(topology, (await cloud.GetAsync("cells", "/cells", stop))["cells"]!.AsArray());
            if (missing.Count == 0 || time.GetElapsedTime(began) > HostsWithin)
                return missing;
            await Task.Delay(LookEvery, time, stop);
        }
    }

    private static List<string> Missing(Topology topology, JsonArray cells)
    {
        var missing = new List<string>();
        foreach (var cell in topology.Cells)
        {
            var expected = cell.ExpectedHosts;
            var seen = cells.FirstOrDefault(c => (string)c!["name"]! == cell.Name.Value);
            if (seen is null)
                missing.Add($"{cell.Name} (not heard yet)");
            else if (cell.Kind == CellKind.Compute && ((int?)seen["hosts_up"] ?? 0) < expected)
                missing.Add($"{cell.Name} ({(int?)seen["hosts_up"] ?? 0} of {expected} hosts up)");
        }
        return missing;
    }

    private static void Introduce(Topology topology, DataDirectory directory, TreeProcess tree, string data, IReadOnlyList<string> missing)
    {
        var where = data == CommandLine.DefaultDataDirectory ? "" : $" --data {data}";
        Say($"cells: {string.Join(", ", topology.Cells.Select(topology.PathOf))}");
        foreach (var cell in missing)
            Say($"WARNING: cell {cell}");
        Console.WriteLine($"""

            Identity   {tree.BaseUrl}/identity/v3
            Compute    {tree.BaseUrl}/compute/v2.1
            Images     {tree.BaseUrl}/image
            Admin      {tree.BaseUrl}/cells/v1

            In another terminal, with any OpenStack client (Debian: apt-get install python3-openstackclient):
              . {directory.Path}/openrc
              head -c 1000000 /dev/zero > disk.raw
              openstack image create --disk-format raw --container-format bare --file disk.raw first
              openstack server create --flavor m1.tiny --image first --wait web
              openstack server list --long
            and to look inside:
              ./cells tree{where}
              ./cells hosts{where}
              ./cells explain{where} <server id>
              ./cells replay{where} Cells.Host/samples/trace.csv
            Ctrl-C ends everything; the next `./cells up{where}` finds it again.

            ready: {tree.BaseUrl}
            """);
    }

    private static void Say(string what) => Console.WriteLine($"cells up: {what}");
}
