using System.Diagnostics;
using Cells.Contracts;

namespace Cells.Host.Bench;

/// <summary>A `cells up` of its own for one measurement: a process beside this one, in a directory that goes with it.</summary>
internal sealed class ChildTree : IAsyncDisposable
{
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly TimeProvider _time;

    private ChildTree(string directory, Process process, TimeProvider time) => (Directory, _process, _time) = (directory, process, time);

    public string Directory { get; }
    public int Pid => _process.Id;

    /// <summary>The database server's own process.</summary>
    public int PostmasterPid => CpuTime.Postmaster(Path.Combine(Directory, "postgres"));

    public static async Task<ChildTree> StartAsync(string topology, IIdSource ids, TimeProvider time, CancellationToken stop)
    {
        var directory = Path.Combine(Path.GetTempPath(), $"cells-bench-{ids.NewGuid():N}");
        System.IO.Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, "topology.yaml");
        await File.WriteAllTextAsync(file, topology, stop);
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(ChildTree).Assembly.Location);
        foreach (var argument in new[] { "up", "--data", directory, "--topology", file, "--listen", "127.0.0.1:0" })
            start.ArgumentList.Add(argument);
        var tree = new ChildTree(directory, Process.Start(start)!, time);
        var complaints = tree._process.StandardError.ReadToEndAsync(stop);
        while (await tree._process.StandardOutput.ReadLineAsync(stop) is { } line)
            if (line.StartsWith("ready", StringComparison.Ordinal))
                return tree;
        throw new CellsException($"The tree for the benchmark did not start: {await complaints}");
    }

    public async ValueTask DisposeAsync()
    {
        Cells.Messaging.Storage.ProcessIdentity.Find(_process.Id)?.RequestEnd();
        using var limit = new CancellationTokenSource(EndWithin, _time);
        try
        {
            _ = _process.StandardOutput.ReadToEndAsync(limit.Token);
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
