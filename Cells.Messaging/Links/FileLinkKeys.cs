using System.Globalization;
using System.Text;
using Cells.Contracts;

namespace Cells.Messaging.Links;

/// <summary>
/// Keys in files <c>from.to.key</c> (32 bytes each, mode 0600) of a directory outside the database's, so that a dump of the database alone
/// signs nothing. The same file lies at both ends of the link.
/// </summary>
public sealed class FileLinkKeys(string directory) : ILinkKeys
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="CellsException">The file is there and cannot be used: wrong size, or others may read it.</exception>
    public LinkKey? Find(CellName from, CellName to) => Read(PathOf(directory, from, to));

    /// <summary>From the file <c>neighbour.cell.join</c>, which the making of a token leaves.</summary>
    public DateTimeOffset? JoinBefore(CellName neighbour, CellName cell)
    {
        var path = JoinPathOf(directory, neighbour, cell);
        return File.Exists(path) ? DateTimeOffset.ParseExact(File.ReadAllText(path).Trim(), "O", CultureInfo.InvariantCulture) : null;
    }

    /// <summary>A child that was never heard may be heard until then; a later word replaces the former.</summary>
    public static void PutJoinBefore(string directory, CellName child, CellName parent, DateTimeOffset end) =>
        Write(JoinPathOf(directory, child, parent), Encoding.ASCII.GetBytes(end.ToString("O", CultureInfo.InvariantCulture)));

    /// <summary>The bytes of a key that is there, to be carried to the other end.</summary>
    public static byte[] Secret(string directory, CellName from, CellName to) => File.ReadAllBytes(PathOf(directory, from, to));

    /// <summary>Takes a key that was made at the other end; it replaces one that is there.</summary>
    public static void Put(string directory, CellName from, CellName to, ReadOnlySpan<byte> secret)
    {
        _ = new LinkKey(secret);      // of the right size
        Write(PathOf(directory, from, to), secret);
    }

    /// <summary>Makes what is missing for both directions between two cells. Files that are there stay as they are, so it may run again.</summary>
    public static void CreateMissing(string directory, CellName one, CellName other, IIdSource ids)
    {
        Create(PathOf(directory, one, other), ids);
        Create(PathOf(directory, other, one), ids);
    }

    // Cell names have no '.', so the two names cannot run together.
    private static string PathOf(string directory, CellName from, CellName to) => Path.Combine(directory, $"{from}.{to}.key");

    private static string JoinPathOf(string directory, CellName child, CellName parent) => Path.Combine(directory, $"{child}.{parent}.join");

    private static PlatformNotSupportedException NoFileModes() =>
        new("Link keys lie in files of mode 0600, and Windows has no such modes. Run the cell on Linux.");

    private static void Create(string path, IIdSource ids)
    {
        if (File.Exists(path))
            return;
        var secret = new byte[LinkKey.SecretBytes];
        ids.Fill(secret);
        Write(path, secret);
    }

    private static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        if (OperatingSystem.IsWindows())
            throw NoFileModes();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
        // Written aside and renamed: a crash in between leaves no half file under the name.
        var aside = path + ".new";
        File.Delete(aside);
        using (var file = new FileStream(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            file.Write(bytes);
        File.Move(aside, path, overwrite: true);
    }

    private static LinkKey? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        if (OperatingSystem.IsWindows())
            throw NoFileModes();
        var mode = File.GetUnixFileMode(path);
        if ((mode & ~OwnerOnly) != 0)
            throw new CellsException($"Link key {path} may be used by others than its owner ({mode}). Nothing is signed with it: make it 0600, or delete it on both ends to have a new one made.");
        var secret = File.ReadAllBytes(path);
        return secret.Length == LinkKey.SecretBytes
            ? new LinkKey(secret)
            : throw new CellsException($"Link key {path} has {secret.Length} bytes instead of {LinkKey.SecretBytes}. Restore it from the neighbour's copy, or delete it on both ends to have a new one made.");
    }
}
