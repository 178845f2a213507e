using System.Text.Json;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Host.Up;

/// <summary>
/// What `cells up` keeps: the lock, keys and passwords (mode 0600, outside the database's directory), the cells' uuids, images, simulated hosts.
/// Everything in it was made by `up`; nothing is removed.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly IIdSource _ids;
    private readonly DirectoryLock _lock;
    private readonly SecretFiles _secrets;

    /// <exception cref="CellsException">Another process holds the directory.</exception>
    public DataDirectory(string path, IIdSource ids)
    {
        _ids = ids;
        _lock = DirectoryLock.Take(path, ids);
        Path = _lock.Directory;
        Directory.CreateDirectory(Keys, OwnerOnly | UnixFileMode.UserExecute);
        _secrets = new SecretFiles(Keys, ids);
        Bus = BusOf(Path, ids);
    }

    public string Path { get; }

    /// <summary>The same for every `up` that ever runs here: the successor of a killed one may take its leases at once.</summary>
    public Guid Id => _lock.Id;

    public string Keys => System.IO.Path.Combine(Path, "keys");
    public string LinkKeys => LinkKeysOf(Path);
    public string Postgres => System.IO.Path.Combine(Path, "postgres");
    public string RabbitMq => System.IO.Path.Combine(Path, "rabbitmq");
    public string Hosts => System.IO.Path.Combine(Path, "hosts");
    public string Images => System.IO.Path.Combine(Path, "images");

    /// <summary>Passwords of the cells' accounts at their brokers.</summary>
    public BusAccounts Bus { get; }

    public string HostPasswordFile => _secrets.File("hosts.password");
    public string AdminPassword => _secrets.Text("admin.password");

    /// <summary>What a collector of meters says that is not on this machine.</summary>
    public string MetricsToken => _secrets.Text("metrics-token");

    public static string LinkKeysOf(string path) => System.IO.Path.Combine(path, "keys", "links");

    /// <summary>The same without the lock: files that are there are only read, those that are missing are made whole.</summary>
    public static BusAccounts BusOf(string path, IIdSource ids) => new(new SecretFiles(System.IO.Path.Combine(path, "keys", "bus"), ids));

    /// <summary>A cell keeps its uuid for life: pools and VMs are stamped with it.</summary>
    public Guid CellId(CellName name)
    {
        var file = System.IO.Path.Combine(Path, "cells.json");
        var known = File.Exists(file) ? JsonSerializer.Deserialize<SortedDictionary<string, Guid>>(File.ReadAllText(file), Json)! : [];
        if (known.TryGetValue(name.Value, out var id))
            return id;
        known[name.Value] = id = _ids.NewGuid();
        WholeFile.Write(file, JsonSerializer.Serialize(known, Json), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return id;
    }

    public void EnsureLinkKeys(CellName one, CellName other) => FileLinkKeys.CreateMissing(LinkKeys, one, other, _ids);

    /// <summary>Keeps the words that started the process, for what is told to operators when it does not run.</summary>
    public void NoteStart(string words) => WriteSecret(System.IO.Path.GetFileName(StartWords.FileIn(Path)), $"{words}\n");

    /// <summary>Writes a file that holds a password, for its owner's eyes only.</summary>
    public void WriteSecret(string name, string text) => WholeFile.Write(System.IO.Path.Combine(Path, name), text, OwnerOnly);

    public void Dispose() => _lock.Dispose();
}
