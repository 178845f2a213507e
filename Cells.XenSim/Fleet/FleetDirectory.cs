using System.Text.Json;

namespace Cells.XenSim.Fleet;

/// <summary>A fleet's data directory: one journal per pool, imported bytes, the ports its hosts listen on, and the lock of the one who uses it.</summary>
internal sealed class FleetDirectory : IDisposable
{
    private readonly string _path;
    private readonly FileStream _lock;
    private readonly Dictionary<string, int> _ports;

    private FleetDirectory(string path, FileStream held, Dictionary<string, int> ports) => (_path, _lock, _ports) = (path, held, ports);

    private static string PortsFile(string path) => Path.Combine(path, "ports.json");

    /// <exception cref="IOException">Another simulator holds the directory.</exception>
    public static FleetDirectory Open(string path)
    {
        // Session references lie in the journals: they are for this user alone.
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new IOException($"{path} is in use by another simulator ({error.Message}); end it or choose another data directory", error);
        }
        var ports = File.Exists(PortsFile(path))
            ? JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(PortsFile(path))) ?? []
            : [];
        return new FleetDirectory(path, held, ports);
    }

    public string JournalOf(string firstHost) => Path.Combine(_path, $"{firstHost}.journal");

    /// <summary>Where the bytes of imported images lie.</summary>
    public string Disks => Path.Combine(_path, "disks");

    public int? PortOf(string host) => _ports.TryGetValue(host, out var port) ? port : null;

    /// <summary>Hosts keep their addresses over a restart of the simulator.</summary>
    public void RememberPorts(IEnumerable<XenSimHostEndpoint> hosts)
    {
        foreach (var host in hosts) _ports[host.Name] = host.Url.Port;
        File.WriteAllText(PortsFile(_path) + ".new", JsonSerializer.Serialize(_ports));
        File.Move(PortsFile(_path) + ".new", PortsFile(_path), overwrite: true);
    }

    public void Dispose() => _lock.Dispose();
}
