using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.PrivateClusters;
using Cells.Messaging.Transports.PrivateBrokers;
using Cells.TestKit;
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

    /// <summary>Where the door is.</summary>
    public Uri Door => new(new Uri(Variables["OS_AUTH_URL"]).GetLeftPart(UriPartial.Authority));

    public string AdminPassword => Variables["OS_PASSWORD"];

    /// <summary>Variables of the openrc file it wrote.</summary>
    private Dictionary<string, string> Variables => OpenRc.Parse(File.ReadLines(Path.Combine(Data, "openrc")));


    /// <summary>Starts it and waits for its last line, so that a test may begin.</summary>
    public static async Task<CellsUp> StartAsync(string data, params string[] options)
    {
        TestCluster.RequirePostgres();
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
    public Task<Ended> CellsAsync(params string[] arguments) => RunCellsAsync([.. arguments, "--data", Data]);

    /// <summary>The same, and it must succeed; its -o json answer.</summary>
    public async Task<JsonNode> CellsJsonAsync(params string[] arguments)
    {
        var ended = await CellsAsync([.. arguments, "-o", "json"]);
        Assert.That(ended.Code, Is.Zero, $"cells {string.Join(' ', arguments)}\n{ended.Out}\n{ended.Error}\n--- cells up said:\n{Said}");
        return JsonNode.Parse(ended.Out)!;
    }

    public static Task<Ended> RunCellsAsync(params string[] arguments) => RunAsync("dotnet", [Executable, .. arguments]);

    /// <summary>A command of Debian's unmodified openstack client, with the openrc file.</summary>
    public Task<Ended> OpenStackAsync(params string[] arguments) => StockClient.RunAsync(arguments, Variables);

    /// <summary>The same by its program, as a user types it.</summary>
    public Task<Ended> OpenStackProgramAsync(params string[] arguments) => RunAsync("openstack", arguments, Variables);

    /// <summary>The same, and it must succeed; its -f json answer.</summary>
    public async Task<JsonElement> OpenStackJsonAsync(params string[] arguments)
    {
        var (code, text, error) = await OpenStackAsync([.. arguments, "-f", "json"]);
        Assert.That(code, Is.Zero, $"openstack {string.Join(' ', arguments)}\n{text}\n{error}\n--- cells up said:\n{Said}");
        return JsonDocument.Parse(text).RootElement.Clone();
    }

    /// <summary>A client of this tree, as any program would be one.</summary>
    public async Task<TestCloud> EnterAsync() => new(
        await CloudClient.EnterAsync(
            new OpenRc(new Uri(Variables["OS_AUTH_URL"]), Variables["OS_USERNAME"], Variables["OS_PASSWORD"], Variables["OS_PROJECT_NAME"], "Default", "Default"),
            CancellationToken.None),
        () => Said);

    /// <summary>The simulated hosts' own door: faults, and what really runs.</summary>
    public async Task<SimDoor> SimAsync() => new(await SimDoor.ControlOfAsync(Data));

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
            await EndAsync();
        Process.Dispose();
    }

    /// <summary>Removes a data directory, and first whatever of a killed `up` still runs on it.</summary>
    public static async Task RemoveAsync(string data)
    {
        var simulator = Path.Combine(data, "hosts", "xensim.process");
        if (File.Exists(simulator) && JsonSerializer.Deserialize<ProcessIdentity>(await File.ReadAllTextAsync(simulator), JsonSerializerOptions.Web) is { IsAlive: true } running)
        {
            running.KillAtOnce();
            await Eventually.IsSoAsync($"the simulator {running.Pid} ended", TimeSpan.FromSeconds(10), () => !running.IsAlive);
        }
        if (Directory.Exists(Path.Combine(data, "rabbitmq")))
            await PrivateBroker.RemoveLeftAsync(Path.Combine(data, "rabbitmq"), TimeProvider.System, CancellationToken.None);
        if (Directory.Exists(Path.Combine(data, "postgres")))
            await PrivateCluster.RemoveLeftAsync(Path.Combine(data, "postgres"), TimeProvider.System, CancellationToken.None);
        Directory.Delete(data, recursive: true);
    }

    public static string Executable => Path.Combine(TestContext.CurrentContext.TestDirectory, "cells.dll");

    private static Process Launch(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(Executable);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static async Task<Ended> RunAsync(string program, string[] arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // A tree whose openrc the developer has sourced is none of ours.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("OS_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var complained = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Ended(process.ExitCode, await said, await complained);
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

/// <summary>How a program ended, and what it said.</summary>
internal sealed record Ended(int Code, string Out, string Error)
{
    public string Said => Out + Error;
}
