using System.Diagnostics;
using Cells.Contracts;

namespace Cells.Messaging.Storage.PrivateClusters;

/// <summary>Runs a program to its end.</summary>
internal static class ChildProcess
{
    /// <exception cref="CellsException">It could not be started, or ended with another code than 0; the message holds the end of what it said.</exception>
    public static Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken stop) =>
        RunAsync(program, arguments, new Dictionary<string, string>(), stop);

    /// <returns>What it said.</returns>
    /// <exception cref="CellsException">As above.</exception>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken stop)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);

        using var process = Start(start);
        process.StandardInput.Close();
        var said = process.StandardOutput.ReadToEndAsync(stop);
        var complained = process.StandardError.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        if (process.ExitCode != 0)
            throw new CellsException(
                $"'{program} {string.Join(' ', start.ArgumentList)}' ended with code {process.ExitCode}: {LastLines(await said + await complained)}");
        return await said;
    }

    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new CellsException($"'{start.FileName}' did not start.");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new CellsException($"'{start.FileName}' could not be started: {error.Message}.", error);
        }
    }

    public static string LastLines(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join("\n", lines.TakeLast(8));
    }
}
