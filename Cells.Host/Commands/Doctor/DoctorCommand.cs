using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Commands.Doctor;
using Cells.Host.Commands.Output;
using Spectre.Console;

namespace Cells.Host.Commands;

/// <summary>`cells doctor`: looks at a running tree, and at its data directory when that is here, and says what is wrong and what to do.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var (reach, output) = (new Reach(), OutputForms.Option());
        var strict = new Option<bool>("--strict") { Description = "End with 1 for warnings too." };
        var command = new Command("doctor", "Check a running tree and its data directory: what is wrong, and what to do.") { output, strict };
        reach.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            var findings = await LookAsync(reach.Words(parsed), stop);
            Write(AnsiConsole.Console, OutputForms.Of(parsed.GetValue(output)!), findings);
            return (int)Ending(findings, parsed.GetValue(strict));
        });
        return command;
    }

    internal static ExitCode Ending(IReadOnlyList<Finding> findings, bool strict) =>
        findings.Any(f => f.Level >= (strict ? Level.Warning : Level.Error)) ? ExitCode.Failed : ExitCode.Done;

    private static async Task<IReadOnlyList<Finding>> LookAsync(EntryWords words, CancellationToken stop)
    {
        var isLocal = words.Data is not null || (words.Url is null && Environment.GetEnvironmentVariable("OS_AUTH_URL") is null or "");
        var directory = words.Data ?? CommandLine.DefaultDataDirectory;
        // Of a process without an API cell there is a directory to look at, and no door.
        var startedWithoutDoor = isLocal && words.Url is null && OpenRc.Read(directory) is null ? StartWords.Of(directory) : null;
        var rc = startedWithoutDoor is null ? words.Resolve(Environment.GetEnvironmentVariable, CommandLine.DefaultDataDirectory) : null;
        var findings = new List<Finding>();
        if (isLocal)
            findings.AddRange(JudgeDirectory.Of(await DirectoryFacts.LookAsync(directory, stop)));
        else
            findings.Add(Finding.Ok("directory", "Disk, keys and processes were not looked at: that needs --data on the tree's machine."));
        if (rc is null)
        {
            findings.Add(Finding.Ok("door", $"The process of this directory (`{startedWithoutDoor}`) has no door. The tree is looked at with the directory or the address of its API cell."));
            return findings;
        }
        try
        {
            using var cloud = await CloudClient.EnterAsync(rc, stop);
            findings.AddRange(JudgeTree.Of(await TreeFacts.AskAsync(cloud, SystemTime.Provider, stop)));
        }
        catch (CellsException error)
        {
            findings.Add(Finding.Wrong("door", error.Message, "Nothing more can be said of the tree until its door answers."));
        }
        return findings;
    }

    internal static void Write(IAnsiConsole console, OutputForm form, IReadOnlyList<Finding> findings)
    {
        switch (form)
        {
            case OutputForm.Json or OutputForm.Yaml:
                Written.Document(console, form, Document(findings));
                break;
            case OutputForm.Name:
                Written.Lines(console, findings.Where(f => f.Level != Level.Ok).Select(f => f.Check).Distinct());
                break;
            default:
                // What is wrong stands last, where it is seen.
                Written.Lines(console, findings.OrderBy(f => f.Level).SelectMany(Lines));
                break;
        }
    }

    private static IEnumerable<string> Lines(Finding finding)
    {
        yield return $"{Word(finding.Level),-7}  {finding.Check,-9}  {finding.Text}";
        if (finding.Remedy is { } remedy)
            yield return $"{"",-7}  {"",-9}  > {remedy}";
    }

    private static JsonObject Document(IReadOnlyList<Finding> findings) => new()
    {
        ["healthy"] = findings.All(f => f.Level == Level.Ok),
        ["findings"] = new JsonArray([.. findings.Select(f => new JsonObject
        {
            ["level"] = Word(f.Level), ["check"] = f.Check, ["text"] = f.Text, ["remedy"] = f.Remedy,
        })]),
    };

    private static string Word(Level level) => level switch
    {
        Level.Ok => "ok",
        Level.Warning => "warning",
        Level.Error => "error",
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, "no such level"),
    };
}
