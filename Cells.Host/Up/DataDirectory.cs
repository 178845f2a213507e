using System.Text.Json;
using Cells.Api.Identity;
using Cells.Contracts;
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

    /// <exception cref="CellsException">Another process holds the directory.</exception>
    public DataDirectory(string path, IIdSource ids)
    {
        _ids = ids;
        _lock = DirectoryLock.Take(path, ids);
        Path = _lock.Directory;
        Directory.CreateDirectory(Keys, OwnerOnly | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    /// <summary>The same for every `up` that ever runs here: the successor of a killed one may take its leases at once.</summary>
    public Guid Id => _lock.Id;

    public string Keys => System.IO.Path.Combine(Path, "keys");
    public string LinkKeys => System.IO.Path.Combine(Path, "keys", "links");
    public string Postgres => System.IO.Path.Combine(Path, "postgres");
    public string Hosts => System.IO.Path.Combine(Path, "hosts");
    public string Images => System.IO.Path.Combine(Path, "images");

    public string HostPasswordFile => Secret("hosts.password");
    public string AdminPassword => File.ReadAllText(Secret("admin.password")).Trim();

    /// <summary>A cell keeps its uuid for life: pools and VMs are stamped with it.</summary>
    public Guid CellId(CellName name)
    {
        var file = System.IO.Path.Combine(Path, "cells.json");
        var known = File.Exists(file) ? JsonSerializer.Deserialize<SortedDictionary<string, Guid>>(File.ReadAllText(file), Json)! : [];
        if (known.TryGetValue(name.Value, out var id))
            return id;
        known[name.Value] = id = _ids.NewGuid();
        WriteWhole(file, JsonSerializer.Serialize(known, Json), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return id;
    }

    public void EnsureLinkKeys(CellName one, CellName other) => FileLinkKeys.CreateMissing(LinkKeys, one, other, _ids);

    /// <summary>Writes a file that holds a password, for its owner's eyes only.</summary>
    public void WriteSecret(string name, string text) => WriteWhole(System.IO.Path.Combine(Path, name), text, OwnerOnly);

    public void Dispose() => _lock.Dispose();

    private string Secret(string name)
    {
        var file = System.IO.Path.Combine(Keys, name);
        if (!File.Exists(file))
            WriteWhole(file, IdentityBootstrap.NewPassword(_ids) + "\n", OwnerOnly);
        return file;
    }

    /// <summary>By rename: a crash leaves the old file or the new one, and its mode is right from the first byte.</summary>
    private static void WriteWhole(string path, string text, UnixFileMode mode)
    {
        var aside = path + ".new";
        File.Delete(aside);
        using (var file = new StreamWriter(new FileStream(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode })))
            file.Write(text);
        File.Move(aside, path, overwrite: true);
    }
}
