using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.PrivateClusters;

namespace Cells.Messaging.Transports.PrivateBrokers;

/// <summary>
/// The files of a private node, and how its two programs are started on them (RabbitMQ docs, "File and Directory Locations", "Configuration").
/// Everything is its owner's alone: the directory is of mode 0700.
/// </summary>
internal sealed class BrokerDirectory(string path)
{
    /// <summary>The same everywhere: each node has a port mapper of its own, and so a world of names of its own.</summary>
    public const string NodeName = "cells@localhost";

    private const string Proof = "CELLS_BROKER";

    public string Log => Path.Combine(path, "node.log");

    public long LogLength => File.Exists(Log) ? new FileInfo(Log).Length : 0;

    private string Definitions => Path.Combine(path, "definitions.json");
    private string Settings => Path.Combine(path, "rabbitmq.conf");
    private string Plugins => Path.Combine(path, "enabled_plugins");
    private string Contents => Path.Combine(path, "mnesia");

    /// <exception cref="CellsException">Something else lives there.</exception>
    public void Prepare(string marker)
    {
        var mark = Path.Combine(path, marker);
        if (Directory.Exists(path) && !File.Exists(mark) && Directory.EnumerateFileSystemEntries(path).Any())
            throw new CellsException($"{path} holds something that no private RabbitMQ was made with. Choose a new or empty directory.");
        UnixPermissions.CreateDirectory(path, UnixPermissions.Owner);
        UnixPermissions.Set(path, UnixPermissions.Owner);
        File.WriteAllText(mark, "");
    }

    public ServerProcess? FindNode() => ServerProcess.Find(PidFile("node"), ProofOf("node"));

    public ServerProcess? FindPortMapper() => ServerProcess.Find(PidFile("epmd"), ProofOf("epmd"));

    public bool HasDefinitions(string definitions) => File.Exists(Definitions) && File.ReadAllText(Definitions) == definitions;

    public void Write(BrokerPorts ports, PrivateBrokerOptions options)
    {
        File.WriteAllText(Definitions, options.Definitions);
        File.WriteAllText(Plugins, "[].\n");
        File.WriteAllText(Settings, $"""
            listeners.tcp.default = 127.0.0.1:{ports.Amqp}
            load_definitions = {Definitions}
            vm_memory_high_watermark.absolute = {options.MemoryBytes}
            disk_free_limit.absolute = {options.DiskFreeBytes}
            log.file.level = warning

            """);
    }

    public void RemoveContents()
    {
        if (Directory.Exists(Contents))
            Directory.Delete(Contents, recursive: true);
    }

    /// <returns>Null when it ended at once.</returns>
    public ServerProcess? StartNode(BrokerPorts ports, PrivateBrokerOptions options) => Start("node", [RabbitMqBinaries.Server], ports, options);

    public void StartPortMapper(BrokerPorts ports, PrivateBrokerOptions options) =>
        Start("epmd", [RabbitMqBinaries.PortMapper, "-address", "127.0.0.1", "-port", Text(ports.PortMapper)], ports, options);

    /// <summary>The port opens last, when accounts and virtual hosts are there.</summary>
    public static async Task<bool> IsReadyAsync(BrokerPorts ports, CancellationToken stop)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", ports.Amqp, stop);
            return true;
        }
        catch (SocketException)
        {
            return false;    // it does not listen yet
        }
    }

    public string ReadLog(long from)
    {
        if (!File.Exists(Log))
            return "";
        using var file = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = from;
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    public Dictionary<string, string> Environment(BrokerPorts ports, PrivateBrokerOptions options) => new()
    {
        ["HOME"] = path,                                          // the cookie is made there
        ["LC_ALL"] = "C.UTF-8",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        [BrokerPorts.PortMapperVariable] = Text(ports.PortMapper),
        [BrokerPorts.AmqpVariable] = Text(ports.Amqp),
        [BrokerPorts.DistributionVariable] = Text(ports.Distribution),
        ["RABBITMQ_NODENAME"] = NodeName,
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_BASE"] = path,
        ["RABBITMQ_MNESIA_BASE"] = Contents,
        ["RABBITMQ_LOG_BASE"] = Path.Combine(path, "log"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(path, "rabbitmq.pid"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Plugins,
        ["RABBITMQ_CONFIG_FILE"] = Path.ChangeExtension(Settings, null),
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
        // Without it the script stays as the server's parent, and the pid is its.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
            "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
    };

    private ServerProcess? Start(string what, IReadOnlyList<string> program, BrokerPorts ports, PrivateBrokerOptions options)
    {
        // Every program of this chain replaces the former, so the shell's pid becomes the server's. Its log is a file, because a pipe would
        // break with this process; setsid gives it a session that the terminal's Ctrl-C does not reach.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = path };
        foreach (var argument in (string[])["-c", "echo $$ >\"$1\"; log=$2; shift 2; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", PidFile(what), Log, "setsid", .. program])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in Environment(ports, options))
            start.Environment[name] = value;
        start.Environment[Proof] = ProofOf(what).Value;
        using var process = ChildProcess.Start(start);
        return ServerProcess.Find(process.Id, ProofOf(what));
    }

    private (string Name, string Value) ProofOf(string what) => (Proof, $"{what} {path}");

    private string PidFile(string what) => Path.Combine(path, $"{what}.pid");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
