using Cells.Contracts;

namespace Cells.Messaging.Storage.PrivateClusters;

/// <summary>File modes, which a private cluster needs and Windows does not have.</summary>
internal static class UnixPermissions
{
    public const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>rwxr-xr-x.</summary>
    public const UnixFileMode EverybodyMayRun = Owner | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public static void Set(string path, UnixFileMode mode)
    {
        RequireUnix();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }

    public static void CreateDirectory(string path, UnixFileMode mode)
    {
        RequireUnix();
        if (!OperatingSystem.IsWindows())
            Directory.CreateDirectory(path, mode);
    }

    public static void RequireUnix()
    {
        if (OperatingSystem.IsWindows())
            throw new CellsException("A private PostgreSQL cluster needs Linux. Give the URL of a server with --database.");
    }
}
