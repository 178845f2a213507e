using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Host.Commands.Output;
using Spectre.Console;

namespace Cells.Host.Commands.Nouns;

/// <summary>The shape that all commands about things share: how the tree is found, how the answer is written, filters as options.</summary>
internal static class AdminCommand
{
    public static Command Of(string name, string description, Func<Asked, CancellationToken, Task<ExitCode>> act, params Symbol[] parts)
    {
        var (reach, output) = (new Reach(), OutputForms.Option());
        var command = new Command(name, description) { output };
        reach.AddTo(command);
        foreach (var part in parts)
        {
            if (part is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)part);
        }
        command.SetAction(async (parsed, stop) =>
        {
            using var cloud = await reach.EnterAsync(parsed, stop);
            return (int)await act(new Asked(parsed, cloud, OutputForms.Of(parsed.GetValue(output)!), AnsiConsole.Console), stop);
        });
        return command;
    }

    /// <summary>Lists things; each filter is an option whose name is the parameter's.</summary>
    public static Command List(string name, string description, Listing listing, string path, params Option[] filters)
    {
        var limit = new Option<int?>("--limit") { Description = "At most so many." };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1)
                result.AddError("--limit must be at least 1.");
        });
        return Of(
            name, description,
            async (asked, stop) =>
            {
                var query = filters.Select(f => (Name: f.Name.TrimStart('-'), Value: asked.Text(f))).Where(f => f.Value is not null).ToList();
                var document = await Pages.ReadAsync(asked.Cloud, path, [.. query.Select(f => (f.Name, f.Value!))], listing.Key, asked.Words.GetValue(limit), stop);
                Written.List(asked.Console, asked.Form, listing, document);
                return ExitCode.Done;
            },
            [limit, .. filters]);
    }

    /// <summary>Shows one thing.</summary>
    /// <param name="word">What the argument is called.</param>
    public static Command Show(string noun, string word, string path, Func<JsonNode, string> name)
    {
        var which = new Argument<string>(noun) { Description = word };
        return Of(
            "show", $"Show one {noun} with everything that is known of it.",
            async (asked, stop) =>
            {
                Written.One(asked.Console, asked.Form, name, await asked.GetAsync($"{path}/{Uri.EscapeDataString(asked.Words.GetValue(which)!)}", stop));
                return ExitCode.Done;
            },
            which);
    }

    public static Option<string?> Filter(string name, string description) => new($"--{name}") { Description = description };

    public static Option<string?> CellFilter() => Filter("cell", "Only of this cell.");

    public static string Text(JsonNode row, string member) => (string)row[member]!;
}

/// <summary>What a command was told, and whom it may ask.</summary>
internal sealed record Asked(ParseResult Words, CloudClient Cloud, OutputForm Form, IAnsiConsole Console)
{
    public Task<JsonNode> GetAsync(string path, CancellationToken stop) => Cloud.GetAsync("cells", path, stop);

    /// <exception cref="CommandFailed">The service refused.</exception>
    public async Task<CloudAnswer> SendAsync(HttpMethod method, string service, string path, JsonNode? body, CancellationToken stop)
    {
        var answer = await Cloud.SendAsync(method, service, path, body, stop);
        return answer.IsSuccess ? answer : throw answer.Refusal($"{method} {path}");
    }

    /// <summary>An option's value as a parameter; null where it was not said. A flag is said or not.</summary>
    public string? Text(Option option) => option switch
    {
        Option<string?> text => Words.GetValue(text),
        Option<bool> flag => Words.GetValue(flag) ? "true" : null,
        _ => throw new ArgumentException($"{option.Name} is neither a text nor a flag", nameof(option)),
    };
}
