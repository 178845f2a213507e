using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace Cells.Host.Configuration;

/// <summary>How much a process tells on standard error: the words of `--log-level` and of key `log_level`.</summary>
internal static class LogLevels
{
    public static IReadOnlyList<string> Words { get; } = ["debug", "information", "warning", "error"];

    /// <param name="usual">Taken when nothing is said; null: the configuration file decides.</param>
    public static Option<string?> Option(string? usual)
    {
        var option = new Option<string?>("--log-level")
        {
            Description = $"What is written to standard error: {string.Join(", ", Words)}; each tells also what comes after it.",
            DefaultValueFactory = _ => usual,
        };
        return option.AcceptOnlyFromAmong([.. Words]);
    }

    public static LogLevel Of(string word) => Enum.Parse<LogLevel>(word, ignoreCase: true);

    public static string Word(LogLevel level) => Words.Single(word => Of(word) == level);
}
