using System.Globalization;
using Cells.Contracts;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Storage.PrivateClusters;

/// <summary>Where PostgreSQL's server programs are. Debian keeps them off the PATH, one directory per major version.</summary>
/// <param name="Major">Major version, such as 15.</param>
internal sealed record PostgresBinaries(string Directory, int Major)
{
    private const string Parent = "/usr/lib/postgresql";
    private const string HowToInstall = "Install it with: apt-get install postgresql";

    public string Initdb => Path.Combine(Directory, "initdb");
    public string Postgres => Path.Combine(Directory, "postgres");

    /// <param name="major">The version that an existing data directory needs; null: the highest there is.</param>
    /// <exception cref="CellsException">It is not there and may not or cannot be installed; the message says what to type.</exception>
    public static async Task<PostgresBinaries> FindAsync(int? major, bool mayInstall, ILogger logger, CancellationToken stop)
    {
        if (Find(major) is { } found)
            return found;
        if (major is not null)
            throw new CellsException(
                $"The data directory was made by PostgreSQL {major}, whose programs are not in {Parent}/{major}/bin. "
                + $"Install it with: apt-get install postgresql-{major}");
        if (!mayInstall || !Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/apt-get"))
            throw new CellsException($"PostgreSQL's server is not on this machine ({Parent}/*/bin). {HowToInstall}");
        await InstallAsync(logger, stop);
        return Find(major: null) ?? throw new CellsException($"The package was installed, but no server appeared in {Parent}/*/bin. {HowToInstall}");
    }

    private static PostgresBinaries? Find(int? major) => !System.IO.Directory.Exists(Parent)
        ? null
        : System.IO.Directory.GetDirectories(Parent)
            .Select(path => (Path: path, IsVersion: int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var version), Version: version))
            .Where(found => found.IsVersion && (major is null || found.Version == major))
            .Select(found => new PostgresBinaries(Path.Combine(found.Path, "bin"), found.Version))
            .Where(found => File.Exists(found.Postgres) && File.Exists(found.Initdb))
            .MaxBy(found => found.Major);

    private static async Task InstallAsync(ILogger logger, CancellationToken stop)
    {
        StorageTelemetry.InstallingPostgres(logger);
        // Debian asks this script before it starts a service of a new package; 101 forbids it: the machine's own cluster is not ours to start.
        const string Policy = "/usr/sbin/policy-rc.d";
        var ours = !File.Exists(Policy);
        if (ours)
        {
            await File.WriteAllTextAsync(Policy, "#!/bin/sh\nexit 101\n", stop);
            UnixPermissions.Set(Policy, UnixPermissions.EverybodyMayRun);
        }
        try
        {
            await ChildProcess.RunAsync("apt-get", ["update", "-q"], stop);
            await ChildProcess.RunAsync("apt-get", ["install", "-q", "-y", "--no-install-recommends", "postgresql"], stop);
        }
        catch (CellsException error)
        {
            throw new CellsException($"PostgreSQL could not be installed. {HowToInstall}\n{error.Message}", error);
        }
        finally
        {
            if (ours)
                File.Delete(Policy);
        }
    }
}
