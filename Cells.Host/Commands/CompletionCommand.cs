using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Cells.Host.Commands;

/// <summary>`cells completion bash`: a script that completes commands and options, made of the commands that there are.</summary>
internal static class CompletionCommand
{
    /// <param name="root">Read when the command runs, so that everything is in it.</param>
    public static Command Create(RootCommand root)
    {
        var bash = new Command("bash", "For bash: source <(cells completion bash)");
        bash.SetAction(_ => Console.Out.Write(Bash(root)));
        return new Command("completion", "Write a script that lets a shell complete commands and options.") { bash };
    }

    /// <summary>Nothing is run when somebody presses Tab: all words stand in the script.</summary>
    internal static string Bash(RootCommand root)
    {
        var script = new StringBuilder("""
            # Completion of cells for bash. Use: source <(cells completion bash)
            declare -gA _cells_words=(

            """);
        Describe(script, "", root);
        script.Append("""
            )
            _cells() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path="" word
                COMPREPLY=()
                for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                    [[ -n ${_cells_words["$path $word"]+there} ]] && path="$path $word"
                done
                case $previous in
                    -o|--output) COMPREPLY=($(compgen -W "table wide json yaml name" -- "$current")); return ;;
                    --data) COMPREPLY=($(compgen -d -- "$current")); return ;;
                    --config|--topology) COMPREPLY=($(compgen -f -- "$current")); return ;;
                esac
                COMPREPLY=($(compgen -W "${_cells_words["${path:- }"]}" -- "$current"))
            }
            complete -o default -F _cells cells ./cells

            """);
        return script.ToString();
    }

    private static void Describe(StringBuilder script, string path, Command command)
    {
        var words = command.Subcommands.Select(c => c.Name)
            .Concat(command.Options.Where(o => !o.Hidden).SelectMany(o => o.Aliases.Append(o.Name)).Where(n => n.StartsWith('-')))
            .Order(StringComparer.Ordinal);
        script.AppendLine(CultureInfo.InvariantCulture, $"    [\"{(path.Length == 0 ? " " : path)}\"]=\"{string.Join(' ', words)}\"");
        foreach (var sub in command.Subcommands)
            Describe(script, $"{path} {sub.Name}", sub);
    }
}
