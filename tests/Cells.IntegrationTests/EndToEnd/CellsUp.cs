using System.Diagnostics;
using System.Text;
using System.Text.Json;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>A running `cells up`, as a user has it: a process, a data directory, a last line that begins with "ready".</summary>
internal sealed class CellsUp : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan EndWithin = TimeSpan.FromMinutes(1);

    private readonly StringBuilder _said = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CellsUp(string data, Process process) => (Data, Process) = (data, process);

    public string Data { get; }
    public Process Process { get; }

    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    /// <summary>Variables of the openrc file it wrote.</summary>
    public IReadOnlyDictionary<string, string> OpenRc => File.ReadLines(Path.Combine(Data, "openrc"))
        .Where(l => l.StartsWith("export ", StringComparison.Ordinal))
        .Select(l => l["export ".Length..].Split('=', 2))
        .ToDictionary(p => p[0], p => p[1].Trim('\''));

    /// <summary>A data directory that the database's user can reach, gone with the fixture.</summary>
    public static string NewDataDirectory()
    {
        var path = Path.Combine(Path.GetTempPath(), $"cells-e2e-{Guid.NewGuid():N}");
        Directory.CreateDirectory(path);
        return path;
    }

    public static async Task<CellsUp> StartAsync(string data, params string[] options)
    {
        var up = new CellsUp(data, Launch(["up", "--data", data, "--listen", "127.0.0.1:0", .. options]));
        _ = up.ReadAsync(up.Process.StandardOutput);
        _ = up.ReadAsync(up.Process.StandardError);
        var exited = up.Process.WaitForExitAsync();
        var first = await Task.WhenAny(up._ready.Task, exited, Task.Delay(ReadyWithin));
        if (first != up._ready.Task)
        {
            up.Process.Kill();
            Assert.Fail($"`cells up` was not ready within {ReadyWithin}{(first == exited ? $" but ended with code {up.Process.ExitCode}" : "")}. It said:\n{up.Said}");
        }
        return up;
    }

    /// <summary>SIGTERM, as a service manager ends it.</summary>
    public async Task<int> EndAsync()
    {
        await RunAsync("kill", ["-TERM", $"{Process.Id}"]);
        using var limit = new CancellationTokenSource(EndWithin);
        try
        {
            await Process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Process.Kill();
            Assert.Fail($"`cells up` did not end within {EndWithin} of SIGTERM. It said:\n{Said}");
        }
        return Process.ExitCode;
    }

    /// <summary>kill -9 of `up` alone: its servers live on.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
    }

    /// <summary>Runs the executable once, such as <c>tree</c>, with this tree's data directory.</summary>
    public Task<(int Code, string Out, string Error)> CellsAsync(params string[] arguments) =>
        RunAsync("dotnet", [Executable, .. arguments, "--data", Data]);

    /// <summary>Runs Debian's unmodified openstack client with the openrc file.</summary>
    public Task<(int Code, string Out, string Error)> OpenStackAsync(params string[] arguments) => RunAsync("openstack", arguments, OpenRc);

    /// <summary>The same, and it must succeed; its -f json answer.</summary>
    public async Task<JsonElement> OpenStackJsonAsync(params string[] arguments)
    {
        var (code, text, error) = await OpenStackAsync([.. arguments, "-f", "json"]);
        Assert.That(code, Is.Zero, $"openstack {string.Join(' ', arguments)}\n{text}\n{error}\n--- cells up said:\n{Said}");
        return JsonDocument.Parse(text).RootElement.Clone();
    }

    /// <summary>What the simulator itself says runs on its hosts.</summary>
    public async Task<JsonElement> AccountingAsync()
    {
        var ready = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Data, "hosts", "xensim.ready"))).RootElement;
        using var http = new HttpClient();
        return JsonDocument.Parse(await http.GetStringAsync(new Uri(new Uri(ready.GetProperty("control").GetString()!), "/_sim/accounting"))).RootElement.Clone();
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
            await EndAsync();
        Process.Dispose();
    }

    private static string Executable => Path.Combine(TestContext.CurrentContext.TestDirectory, "cells.dll");

    private static Process Launch(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(Executable);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static async Task<(int Code, string Out, string Error)> RunAsync(string program, string[] arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var complained = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await said, await complained);
    }

    private async Task ReadAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (_said)
                _said.AppendLine(line);
            if (line.StartsWith("ready", StringComparison.Ordinal))
                _ready.TrySetResult(line);
        }
    }
}
