using System.CommandLine;
using System.Text.RegularExpressions;

namespace Cells.UnitTests;

/// <summary>Finds what a document's code names as a command, argument or option of `cells`, and `cells` does not have.</summary>
/// <param name="launcherOptions">Of `cells test`, which the launcher answers itself.</param>
internal sealed partial class NamedCommands(RootCommand root, IReadOnlyCollection<string> launcherOptions)
{
    public IReadOnlyList<string> UnknownIn(string markdown)
    {
        var unknown = new List<string>();
        var inBlock = false;
        foreach (var line in markdown.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                inBlock = !inBlock;
            else if (inBlock)
                Judge(line, unknown);
            else
                foreach (Match span in Span().Matches(line))
                    Judge(span.Groups[1].Value, unknown);
        }
        return unknown;
    }

    private void Judge(string code, List<string> unknown)
    {
        if (Invocation().Match(code) is { Success: true } invocation)
            JudgeInvocation(code.Trim(), Words(invocation.Groups[1].Value), unknown);
        else if (code.StartsWith('-') && Words(code) is [var option, ..] && !AllOptions(root).Concat(launcherOptions).Contains(option))
            unknown.Add($"`{code}`: no command has an option {option}");
    }

    private void JudgeInvocation(string code, IEnumerable<string> words, List<string> unknown)
    {
        Command command = root;
        var afterOption = false;
        foreach (var word in words)
        {
            var isOption = word.StartsWith('-');
            if (isOption && !OptionsOf(command).Contains(word))
                unknown.Add($"`{code}`: '{command.Name}' has no option {word}");
            else if (!isOption && command.Subcommands.FirstOrDefault(sub => sub.Name == word) is { } sub)
                command = sub;
            else if (!isOption && !afterOption && command.Arguments.Count == 0)
                unknown.Add($"`{code}`: '{command.Name}' has no command or argument {word}");
            afterOption = isOption;
        }
    }

    private IEnumerable<string> OptionsOf(Command command) =>
        NamesOf(command).Concat(NamesOf(root)).Concat(command.Name == "test" ? launcherOptions : []);

    private static IEnumerable<string> AllOptions(Command command) => NamesOf(command).Concat(command.Subcommands.SelectMany(AllOptions));

    private static IEnumerable<string> NamesOf(Command command) => command.Options.SelectMany(option => option.Aliases.Append(option.Name));

    /// <summary>Brackets around what may be left out, and comments, are the document's own.</summary>
    private static string[] Words(string text) =>
        Comment().Replace(text, "").Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal)
            .Split([' ', '='], StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"^\s*(?:\$ )?(?:\./)?cells\s+(\S.*)$")]
    private static partial Regex Invocation();

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex Comment();
}
