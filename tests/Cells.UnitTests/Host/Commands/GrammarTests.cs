using System.CommandLine;
using Cells.Host.Commands;
using NUnit.Framework;

namespace Cells.UnitTests.Host.Commands;

/// <summary>One grammar for all nouns.</summary>
public sealed class GrammarTests
{
    private static readonly string[] Nouns = ["server", "host", "pool", "cell", "link", "task"];
    private static readonly string[] Shorts = ["tree", "hosts", "tasks", "explain", "drift"];

    private static IEnumerable<Command> Verbs(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Verbs);

    private static RootCommand Root => CommandLine.Root();

    [Test]
    public void Every_noun_has_a_list([ValueSource(nameof(Nouns))] string noun)
    {
        var command = Root.Subcommands.Single(c => c.Name == noun);

        Assert.That(command.Subcommands.Select(c => c.Name), Does.Contain("list"));
    }

    [Test]
    public void Every_verb_and_short_form_says_which_tree_and_in_which_form([ValueSource(nameof(Nouns)), ValueSource(nameof(Shorts))] string word)
    {
        foreach (var verb in Verbs(Root.Subcommands.Single(c => c.Name == word)).Where(v => v.Options.Any(o => o.Name == "--output")))
            Assert.That(verb.Options.Select(o => o.Name), Is.SupersetOf(new[] { "--data", "--url", "--output" }), $"{word} {verb.Name}");
    }

    [TestCase("server list --cell east-1 -o wide", ExpectedResult = 0)]
    [TestCase("server list -o xml", ExpectedResult = 1)]
    [TestCase("server list --limit 0", ExpectedResult = 1)]
    [TestCase("server show", ExpectedResult = 1)]
    [TestCase("server delete web --wait --timeout 5 --url http://door", ExpectedResult = 0)]
    [TestCase("server create web --flavor m1.tiny --image first --network a --network b --wait -o name", ExpectedResult = 0)]
    [TestCase("server create web --flavor m1.tiny", ExpectedResult = 1)]
    [TestCase("server reboot web --hard --wait --timeout 0", ExpectedResult = 1)]
    [TestCase("server resize web", ExpectedResult = 1)]
    [TestCase("server live-migrate web --host h2 --wait", ExpectedResult = 0)]
    [TestCase("server stop", ExpectedResult = 1)]
    [TestCase("server events web -o yaml", ExpectedResult = 0)]
    [TestCase("run --config f --log-level loud", ExpectedResult = 1)]
    [TestCase("up --log-level debug", ExpectedResult = 0)]
    [TestCase("link parked retry east key", ExpectedResult = 0)]
    [TestCase("link parked drop east one 2", ExpectedResult = 1)]
    [TestCase("task list --overdue", ExpectedResult = 0)]
    [TestCase("explain web -o yaml", ExpectedResult = 0)]
    public int Words_that_do_not_fit_are_found_before_anything_is_asked(string words) => Math.Min(1, Root.Parse(words).Errors.Count);

    [Test]
    public void Completion_knows_every_command_and_option()
    {
        var root = Root;

        var script = CompletionCommand.Bash(root);

        foreach (var verb in Verbs(root))
            foreach (var option in verb.Options)
                Assert.That(script, Does.Contain($"{option.Name}").And.Contain($"{verb.Name}\"]=\""), verb.Name);
        Assert.That(script, Does.Contain("\n    [\" link parked\"]=\"drop list retry\"\n"));
    }
}
