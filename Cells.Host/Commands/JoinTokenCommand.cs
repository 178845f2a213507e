using System.CommandLine;
using System.Globalization;
using Cells.Contracts;
using Cells.Host.Configuration;
using Cells.Host.Joining;
using Cells.Host.Up;

namespace Cells.Host.Commands;

/// <summary>`cells cell token`: what a child in another process joins with.</summary>
internal static class JoinTokenCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The child, as it stands under 'children' of its parent." };
        var config = new Option<string>("--config") { Description = "The file of the parent's `cells run`, whether it runs or not.", Required = true };
        var valid = new Option<string>("--valid") { Description = "How long it may be used: a number and s, m, h or d.", DefaultValueFactory = _ => "1h" };
        var bus = new Option<string?>("--child-bus") { Description = "Where the child hears, if not at the parent's broker: amqp://HOST:PORT." };
        var output = new Option<string?>("--out") { Description = "File to write it to, mode 0600; without it the token is printed." };
        var command = new Command("token", "Make the token with which one child joins: a secret, to be carried to its machine and named there as 'join'.") { name, config, valid, bus, output };
        command.SetAction(parsed =>
        {
            if (!CellName.TryParse(parsed.GetValue(name)!, out var child))
                throw new CellsException($"'{parsed.GetValue(name)}' is not a cell name: 1 to 63 of a-z, 0-9 and '-', beginning with a letter.");
            var file = RunFile.Read(parsed.GetValue(config)!);
            var broker = parsed.GetValue(bus) is { } given ? BusChoice.ParseBroker(given, "--child-bus") : null;
            var token = new Joins(file.Data, new SystemIds(), SystemTime.Provider).Issue(file, child, broker, Term(parsed.GetValue(valid)!));
            if (parsed.GetValue(output) is { } path)
            {
                WholeFile.Write(path, token.ToText() + "\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);
                Console.WriteLine($"{path}: {token}");
            }
            else
            {
                Console.WriteLine(token.ToText());
            }
            return 0;
        });
        return command;
    }

    /// <exception cref="CellsException">Not a number and a unit, or longer than 30 days.</exception>
    internal static TimeSpan Term(string text)
    {
        if (text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            TimeSpan? term = text[^1] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                'd' => TimeSpan.FromDays(number),
                _ => null,
            };
            if (term <= TimeSpan.FromDays(30))
                return term.Value;
        }
        throw new CellsException($"--valid '{text}' is not a time such as 30m, 1h or 2d, up to 30d.");
    }
}
