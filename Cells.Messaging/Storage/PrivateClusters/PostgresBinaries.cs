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
        if (!mayInstall || !DebianPackage.MayInstall)
            throw new CellsException($"PostgreSQL's server is not on this machine ({Parent}/*/bin). {HowToInstall}");
        StorageTelemetry.InstallingPostgres(logger);
        await DebianPackage.InstallAsync("postgresql", stop);
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
}
