using Cells.Contracts;

namespace Cells.Messaging.Storage.PrivateClusters;

/// <summary>A package of the distribution that a private server needs.</summary>
internal static class DebianPackage
{
    public static bool MayInstall => Environment.IsPrivilegedProcess && File.Exists("/usr/bin/apt-get");

    /// <summary>Installs it without starting any service that it brings.</summary>
    /// <exception cref="CellsException">It could not be; the message holds the end of what the installer said.</exception>
    public static async Task InstallAsync(string package, CancellationToken stop)
    {
        // Debian asks this script before it starts a service of a new package; 101 forbids it: the machine's own server is not ours to start.
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
            await ChildProcess.RunAsync("apt-get", ["install", "-q", "-y", "--no-install-recommends", package], stop);
        }
        catch (CellsException error)
        {
            throw new CellsException($"The package {package} could not be installed. Install it with: apt-get install {package}\n{error.Message}", error);
        }
        finally
        {
            if (ours)
                File.Delete(Policy);
        }
    }
}
