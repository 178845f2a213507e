using System.CommandLine;
using System.Runtime.InteropServices;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Commands.Nouns;
using Spectre.Console;

namespace Cells.Host.Commands;

/// <summary>
/// The one executable's commands. How they end: <see cref="ExitCode"/>; the reason stands on standard error.
/// </summary>
internal static class CommandLine
{
    /// <summary>Everything that `cells` understands; the documents are held against it.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("Cells: a hierarchical multi-cell compute orchestrator for XenServer and XCP-ng fleets.")
        {
            UpCommand.Create(),
            RunCommand.Create(),
            ConfigCommand.Create(),
            BusCommand.Create(),
            ServerCommand.Create(),
            FleetCommands.Host(),
            FleetCommands.Pool(),
            CellCommand.Create(),
            LinkCommand.Create(),
            WorkCommands.Task(),
            WorkCommands.Drift(),
            EventsCommand.Create(),
            DoctorCommand.Create(),
            // Short forms of what is typed most.
            CellCommand.Tree(),
            FleetCommands.HostList("hosts"),
            WorkCommands.TaskList("tasks"),
            ServerCommand.Explain(),
            ReplayCommand.Create(),
            ChaosCommand.Create(),
            XenSimCommand.Create(),
            BenchCommand.Create(),
            // `./cells test` is answered by the launcher, which installs what the tests need; listed here so that --help tells of it.
            new Command("test", "Install what the tests need and run them all (answered by the launcher ./cells)."),
        };
        root.Add(CompletionCommand.Create(root));
        return root;
    }

    // A file has no right edge: nothing is folded or left out because of it.
    private const int PlainWidth = 10_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var root = Root();
        // Into a file or a pipe goes plain text.
        if (Console.IsOutputRedirected)
            (AnsiConsole.Profile.Capabilities.Ansi, AnsiConsole.Profile.Width) = (false, PlainWidth);
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var parsed = root.Parse(args);
            if (parsed.Errors.Count > 0)
            {
                foreach (var error in parsed.Errors)
                    await Console.Error.WriteLineAsync($"cells: {error.Message}");
                await Console.Error.WriteLineAsync("cells: see `cells --help`.");
                return (int)ExitCode.Usage;
            }
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stopping.Token);
        }
        catch (CellsException error)
        {
            await Console.Error.WriteLineAsync($"cells: {error.Message}");
            return (int)(error is CommandFailed failed ? failed.Code : ExitCode.Failed);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return (int)ExitCode.Interrupted;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;                                   // we end in order, not at once
            stopping.Cancel();
        }
    }

    /// <summary>Where a tree keeps its things when nobody says: a directory that the database's user can reach.</summary>
    public static string DefaultDataDirectory => Environment.UserName == "root"
        ? "/var/lib/cells"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "cells");

    public static Option<string> DataOption() => new("--data")
    {
        Description = "Directory of the tree: its databases, keys, images, simulated hosts, openrc.",
        DefaultValueFactory = _ => DefaultDataDirectory,
    };

    public static Option<string> OutputOption() => new Option<string>("--output", "-o")
    {
        Description = "table or json",
        DefaultValueFactory = _ => "table",
    }.AcceptOnlyFromAmong("table", "json");

    public static void Write(Table table) => AnsiConsole.Write(table);
}
