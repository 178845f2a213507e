using System.Diagnostics;
using System.Text.Json;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Host.Up;

/// <summary>
/// The process that simulates the hosts of `cells up`: in a session of its own, so that the death of its parent is not its own. A later `up` on
/// the same directory finds it and takes it over, as a real fleet would be found still running.
/// </summary>
internal sealed class SimulatorProcess
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private readonly ProcessIdentity _process;
    private readonly TimeProvider _time;

    private SimulatorProcess(ProcessIdentity process, TimeProvider time, SimulatedFleet fleet, bool takenOver) =>
        (_process, _time, Fleet, TakenOver) = (process, time, fleet, takenOver);

    public SimulatedFleet Fleet { get; }
    public bool TakenOver { get; }
    public int Pid => _process.Pid;

    /// <summary>Written by the simulator itself before it does anything else, so that no moment of its life is without it.</summary>
    public static void Announce(string directory, ProcessIdentity process)
    {
        Directory.CreateDirectory(directory);
        var file = PidFile(directory);
        File.WriteAllText(file + ".new", JsonSerializer.Serialize(process, Json));
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>The simulator of this directory: the running one, or a new one that goes on from its journals.</summary>
    /// <exception cref="CellsException">It did not come up; the message holds the end of its log.</exception>
    public static async Task<SimulatorProcess> StartAsync(string directory, IReadOnlyList<string> arguments, TimeProvider time, CancellationToken stop)
    {
        Directory.CreateDirectory(directory);
        if (Find(directory) is { } running)
        {
            if (ArgumentsOf(directory).SequenceEqual(arguments))
                return new SimulatorProcess(running, time, await ReadyAsync(directory, running, time, stop), takenOver: true);
            await EndAsync(running, time, stop);                     // another shape is asked for now: its journals say what goes on
        }
        File.Delete(ReadyFile(directory));
        await File.WriteAllTextAsync(ArgumentsFile(directory), JsonSerializer.Serialize(arguments, Json), stop);
        var process = Launch(directory, arguments);
        return new SimulatorProcess(process, time, await ReadyAsync(directory, process, time, stop), takenOver: false);
    }

    public Task EndAsync(CancellationToken stop) => EndAsync(_process, _time, stop);

    private static ProcessIdentity Launch(string directory, IReadOnlyList<string> arguments)
    {
        // A shell gives it a session of its own and sends what it says to a file: nobody will read a pipe once we are gone.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = directory };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("exec setsid \"$@\" >>xensim.log 2>&1 </dev/null");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(SimulatorProcess).Assembly.Location);
        start.ArgumentList.Add("xensim");
        start.ArgumentList.Add("--data");
        start.ArgumentList.Add(directory);
        start.ArgumentList.Add("--ready-file");
        start.ArgumentList.Add(ReadyFile(directory));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new CellsException("The simulator could not be started.");
        return ProcessIdentity.Find(process.Id) ?? throw new CellsException($"The simulator ended at once: {LogOf(directory)}");
    }

    private static async Task<SimulatedFleet> ReadyAsync(string directory, ProcessIdentity process, TimeProvider time, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (!File.Exists(ReadyFile(directory)))
        {
            if (!process.IsAlive)
                throw new CellsException($"The simulator ended before its hosts listened: {LogOf(directory)}");
            if (time.GetElapsedTime(began) > StartWithin)
                throw new CellsException($"The simulator's hosts do not listen after {StartWithin.TotalSeconds:0} s: {LogOf(directory)}");
            await Task.Delay(LookEvery, time, stop);
        }
        return JsonSerializer.Deserialize<SimulatedFleet>(await File.ReadAllTextAsync(ReadyFile(directory), stop), Json)!;
    }

    private static async Task EndAsync(ProcessIdentity process, TimeProvider time, CancellationToken stop)
    {
        process.RequestEnd();
        var began = time.GetTimestamp();
        while (process.IsAlive)
        {
            if (time.GetElapsedTime(began) > EndWithin)
                process.KillAtOnce();                                // its journals are whole at every moment
            await Task.Delay(LookEvery, time, stop);
        }
    }

    private static ProcessIdentity? Find(string directory) =>
        File.Exists(PidFile(directory)) && JsonSerializer.Deserialize<ProcessIdentity>(File.ReadAllText(PidFile(directory)), Json) is { IsAlive: true } running
            ? running
            : null;

    private static string[] ArgumentsOf(string directory) =>
        File.Exists(ArgumentsFile(directory)) ? JsonSerializer.Deserialize<string[]>(File.ReadAllText(ArgumentsFile(directory)), Json)! : [];

    private static string LogOf(string directory)
    {
        var log = Path.Combine(directory, "xensim.log");
        return File.Exists(log) ? string.Join(" / ", File.ReadLines(log).TakeLast(5)) : "it said nothing";
    }

    private static string PidFile(string directory) => Path.Combine(directory, "xensim.process");
    private static string ReadyFile(string directory) => Path.Combine(directory, "xensim.ready");
    private static string ArgumentsFile(string directory) => Path.Combine(directory, "xensim.arguments");
}

/// <param name="Control">The simulator's own door for faults and accounting; null when it is closed.</param>
internal sealed record SimulatedFleet(IReadOnlyList<SimulatedHost> Hosts, Uri? Control);

/// <param name="Pool">Name of the first host of its pool.</param>
internal sealed record SimulatedHost(string Name, Uri Url, string Uuid, string Pool);
