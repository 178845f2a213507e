using Cells.Contracts;
using Cells.Host.Clients;
using NUnit.Framework;

namespace Cells.UnitTests.Host.Commands;

/// <summary>Which tree a command asks: what was said wins over what is set.</summary>
public sealed class EntryWordsTests
{
    private readonly Dictionary<string, string> _environment = [];
    private string _directory = "";

    private string Named => Path.Combine(_directory, "named");
    private string Default => Path.Combine(_directory, "default");

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("cells-entry-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void A_named_directory_wins_over_the_environment()
    {
        Write(Named, "named");
        Environment("set");

        Assert.That(Resolve(data: Named).User, Is.EqualTo("named"));
    }

    [Test]
    public void A_named_directory_without_a_tree_is_an_error_whatever_the_environment_says()
    {
        Environment("set");
        Directory.CreateDirectory(Named);

        Assert.That(() => Resolve(data: Named), Throws.TypeOf<CellsException>().With.Message.Contains($"--data {Named}: no tree was ever started there"));
        Assert.That(() => Resolve(data: Named + "x"), Throws.TypeOf<CellsException>().With.Message.Contains($"--data {Named}x: there is no such directory"));
    }

    [Test]
    public void A_directory_of_a_process_without_a_door_says_so_with_the_words_that_started_it()
    {
        Directory.CreateDirectory(Named);
        File.WriteAllText(StartWords.FileIn(Named), "cells run --config /etc/cells/east-1.yaml\n");

        Assert.That(() => Resolve(data: Named), Throws.TypeOf<CellsException>().With.Message.Contains("(`cells run --config /etc/cells/east-1.yaml`) has no API cell"));
    }

    [Test]
    public void Where_nobody_answers_the_way_back_is_the_command_that_started_the_tree_when_that_is_known()
    {
        Write(Named, "named");
        Assert.That(Resolve(data: Named).WayBack, Does.Contain("cells doctor"));

        File.WriteAllText(StartWords.FileIn(Named), StartWords.Of("cells run", ("--config", "/etc/my cells/api.yaml"), ("--otlp", null)));
        Assert.That(Resolve(data: Named).WayBack, Does.EndWith("It was started with `cells run --config '/etc/my cells/api.yaml'`."));
        Assert.That(Resolve("http://elsewhere", Named).WayBack, Does.Not.Contain("cells run"), "another address may be another tree");
    }

    [Test]
    public void Without_words_the_environment_wins_over_the_default_directory()
    {
        Write(Default, "default");
        Assert.That(Resolve().User, Is.EqualTo("default"));

        Environment("set");
        Assert.That(Resolve().User, Is.EqualTo("set"));
    }

    [Test]
    public void Without_anything_the_error_names_every_way_out()
    {
        Assert.That(() => Resolve(), Throws.TypeOf<CellsException>().With.Message
            .EqualTo($"No tree is known: OS_AUTH_URL is not set and {Path.Combine(Default, "openrc")} is not there. Name a tree with --data or --url, or start one: `cells up` (simulated hosts), `cells run --config FILE` (real ones)."));
    }

    [TestCase("http://door:8774", "http://door:8774/identity/v3")]
    [TestCase("http://door:8774/", "http://door:8774/identity/v3")]
    [TestCase("https://door/cloud", "https://door/cloud/identity/v3")]
    [TestCase("http://door:8774/identity/v3", "http://door:8774/identity/v3")]
    public void A_url_is_the_door_or_its_identity_service(string url, string identity)
    {
        Write(Named, "named");
        Environment("set");

        var rc = Resolve(url, Named);

        Assert.That((rc.AuthUrl, rc.User), Is.EqualTo((new Uri(identity), "named")));
        Assert.That(Resolve(url).User, Is.EqualTo("set"), "without a directory the user is the environment's, never its address");
        Assert.That(Resolve(url).AuthUrl, Is.EqualTo(new Uri(identity)));
    }

    [Test]
    public void A_url_without_a_user_asks_for_one_and_a_word_that_is_no_url_is_named()
    {
        Assert.That(() => Resolve("http://door"), Throws.TypeOf<CellsException>().With.Message.Contains("--url http://door: as whom?"));
        Write(Default, "default");
        Assert.That(() => Resolve("door"), Throws.TypeOf<CellsException>().With.Message.Contains("--url 'door' is not an address"));
    }

    private OpenRc Resolve(string? url = null, string? data = null) => new EntryWords(url, data).Resolve(_environment.GetValueOrDefault, Default);

    private void Environment(string user)
    {
        foreach (var (name, value) in OpenRc.Parse(Rc(user).ToFile().Split('\n')))
            _environment[name] = value;
    }

    private static void Write(string directory, string user)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "openrc"), Rc(user).ToFile());
    }

    private static OpenRc Rc(string user) => new(new Uri($"http://{user}/identity/v3"), user, "secret", "admin", "Default", "Default");
}
