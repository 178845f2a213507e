using System.Globalization;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.PrivateClusters;
using Cells.Messaging.Transports.PrivateBrokers;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.TestKit;

/// <summary>
/// The PostgreSQL of one test process: made at first use, removed at the end of the assembly. A process that was killed cannot remove its
/// own: the next one does.
/// </summary>
public static class TestCluster
{
    private const string Prefix = "cells-test-";
    private static readonly Lazy<Task<PrivateCluster>> Shared = new(StartAsync);

    /// <summary>Ignores the test (or fails it where CI=true) when PostgreSQL is not there.</summary>
    public static async Task<PrivateCluster> SharedAsync()
    {
        RequirePostgres();
        return await Shared.Value;
    }

    public static void RequirePostgres()
    {
        if (Directory.Exists("/usr/lib/postgresql"))
            return;
        const string Missing = "PostgreSQL's server is not on this machine. Install it with: apt-get install postgresql";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Missing);
        Assert.Ignore(Missing);
    }

    /// <summary>A new directory for a cluster or a data directory of one test. It carries this process's mark.</summary>
    public static string NewDirectory()
    {
        // The temporary directory may be entered by everybody, so by PostgreSQL's user too.
        var directory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}"));
        if (!OperatingSystem.IsWindows())
            directory.UnixFileMode |= UnixFileMode.OtherExecute;
        return directory.FullName;
    }

    /// <summary>At the end of a test assembly (its SetUpFixture calls it). Nothing happens when no test asked for the cluster.</summary>
    public static async Task RemoveAsync()
    {
        if (!Shared.IsValueCreated)
            return;
        var cluster = await Shared.Value;
        await cluster.RemoveAsync(CancellationToken.None);
        Directory.Delete(Path.GetDirectoryName(cluster.Directory)!, recursive: true);
    }

    private static async Task<PrivateCluster> StartAsync()
    {
        await RemoveOfEndedProcessesAsync();
        return await PrivateCluster.StartAsync(
            new PrivateClusterOptions(Path.Combine(NewDirectory(), "postgres")) { Fsync = false, MaxConnections = 200 },
            TimeProvider.System, NullLogger.Instance, CancellationToken.None);
    }

    private static async Task RemoveOfEndedProcessesAsync()
    {
        foreach (var directory in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*").Order(StringComparer.Ordinal))
        {
            // Other tests keep things under such names too; only a directory that begins with its process is a cluster's.
            var name = Path.GetFileName(directory)[Prefix.Length..].Split('-')[0];
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var owner) || Directory.Exists($"/proc/{owner}"))
                continue;
            var broker = Path.Combine(directory, "rabbitmq");
            if (Directory.Exists(broker))
                await PrivateBroker.RemoveLeftAsync(broker, TimeProvider.System, CancellationToken.None);
            var cluster = Path.Combine(directory, "postgres");
            if (Directory.Exists(cluster))
                await PrivateCluster.RemoveLeftAsync(cluster, TimeProvider.System, CancellationToken.None);
            Directory.Delete(directory, recursive: true);
        }
    }
}
