using System.CommandLine;

namespace Cells.Host.Commands.Nouns;

/// <summary>`--wait` and `--timeout`: the same for every command whose work goes on after it was accepted.</summary>
internal sealed class WaitOptions
{
    private const int Longest = 86_400;

    public WaitOptions() => Patience.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is < 1 or > Longest)
            result.AddError($"--timeout must be from 1 to {Longest} seconds.");
    });

    public Option<bool> Wait { get; } = new("--wait") { Description = "Wait until it has ended, and tell the progress on standard error." };

    public Option<int> Patience { get; } = new("--timeout") { Description = "Seconds to wait with --wait; then it ends with 5, and what was asked for goes on.", DefaultValueFactory = _ => 300 };

    /// <returns>How long to wait; null: not at all.</returns>
    public TimeSpan? Of(ParseResult words) => words.GetValue(Wait) ? TimeSpan.FromSeconds(words.GetValue(Patience)) : null;
}
