using System.CommandLine;
using Cells.Host.Clients;

namespace Cells.Host.Commands;

/// <summary>The options by which a command finds its tree, the same for every command that asks a running one.</summary>
internal sealed class Reach
{
    public Option<string> Data { get; } = CommandLine.DataOption();

    public Option<string?> Url { get; } = new("--url") { Description = "Address of the tree's door, such as http://127.0.0.1:8774; wins over OS_AUTH_URL." };

    public void AddTo(Command command)
    {
        command.Add(Data);
        command.Add(Url);
    }

    /// <summary>An option that was left at its default was not said.</summary>
    public EntryWords Words(ParseResult parsed) => new(parsed.GetValue(Url), Said(parsed) ? parsed.GetValue(Data) : null);

    public Task<CloudClient> EnterAsync(ParseResult parsed, CancellationToken stop) =>
        CloudClient.EnterAsync(Words(parsed).Resolve(Environment.GetEnvironmentVariable, CommandLine.DefaultDataDirectory), stop);

    private bool Said(ParseResult parsed) => parsed.GetResult(Data) is { Implicit: false };
}
