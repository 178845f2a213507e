using Cells.Contracts;
using Cells.Host.Commands;
using Cells.Host.Configuration;
using Cells.Host.Joining;
using Cells.Host.Up;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Host;

/// <summary>A token carries what parent and child must share, to one child, for a time.</summary>
public sealed class JoinTests
{
    private static readonly CellName East = CellName.Parse("east");
    private static readonly CellName East1 = CellName.Parse("east-1");

    private readonly ManualTime _time = new();
    private string _directory = "";

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("cells-join-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void Both_ends_hold_the_same_keys_and_passwords_afterwards()
    {
        var token = Issue("parent");

        Use("child", token);

        foreach (var (from, to) in new[] { (East, East1), (East1, East) })
        {
            Assert.That(KeysOf("child").Find(from, to)!.Id, Is.EqualTo(KeysOf("parent").Find(from, to)!.Id));
            Assert.That(AccountsOf("child").Publisher(from, to), Is.EqualTo(AccountsOf("parent").Publisher(from, to)));
        }
        Assert.That(AccountsOf("child").FindBroker(East), Is.EqualTo(new Uri("amqp://b1:5672")));
    }

    [Test]
    public void A_token_that_was_used_is_not_looked_at_again_when_its_time_is_over()
    {
        var token = Issue("parent");
        Use("child", token);
        var key = KeysOf("child").Find(East, East1)!.Id;

        _time.Advance(TimeSpan.FromHours(2));
        Use("child", token);

        Assert.That(KeysOf("child").Find(East, East1)!.Id, Is.EqualTo(key));
    }

    [Test]
    public void A_token_that_ended_unused_is_refused_at_the_child_and_remembered_at_the_parent()
    {
        var token = Issue("parent");
        var end = _time.GetUtcNow() + TimeSpan.FromHours(1);

        _time.Advance(TimeSpan.FromHours(1));

        Assert.That(() => Use("child", token), Throws.InstanceOf<CellsException>().With.Message.Contains("before it was used"));
        Assert.That(KeysOf("parent").JoinBefore(East1, East), Is.EqualTo(end).Within(TimeSpan.FromSeconds(1)));
        Assert.That(KeysOf("parent").JoinBefore(East, East1), Is.Null);
    }

    [TestCase("east-2", "east", "is a token for cell 'east-1' under 'east', not for 'east-2' under 'east'")]
    [TestCase("east-1", "west", "is a token for cell 'east-1' under 'east', not for 'east-1' under 'west'")]
    public void A_token_of_another_cell_or_parent_is_refused(string child, string parent, string expected)
    {
        var token = Issue("parent");

        Assert.That(() => Use("child", token, child, parent), Throws.InstanceOf<CellsException>().With.Message.Contains(expected));
    }

    [Test]
    public void A_child_that_hears_elsewhere_than_its_parent_believes_is_refused()
    {
        var token = Issue("parent", childBroker: new Uri("amqp://b2:5672"));

        Assert.That(() => Use("child", token), Throws.InstanceOf<CellsException>().With.Message.Contains("b2:5672").And.Message.Contains("--child-bus"));
    }

    [Test]
    public void A_child_without_a_token_is_told_how_to_get_one()
    {
        Assert.That(() => Use("child", token: null), Throws.InstanceOf<CellsException>().With.Message.Contains("`cells cell token east-1 --config FILE`"));
    }

    [Test]
    public void A_child_that_the_parent_does_not_name_gets_no_token()
    {
        Assert.That(() => new Joins(Path.Combine(_directory, "parent"), new SystemIds(), _time).Issue(ParentFile(), CellName.Parse("east-9"), null, TimeSpan.FromHours(1)),
            Throws.InstanceOf<CellsException>().With.Message.Contains("It names these: east-1"));
    }

    [TestCase("")]
    [TestCase("cells-join.v1.")]
    [TestCase("nonsense")]
    public void What_is_no_whole_token_is_refused_without_being_repeated(string text)
    {
        Assert.That(() => JoinToken.Parse(text, "the-file"), Throws.InstanceOf<CellsException>().With.Message.Contains("the-file does not hold a whole join token"));
    }

    [Test]
    public void A_token_that_lost_or_changed_a_character_is_refused([Random(0, 200, 5)] int at)
    {
        var text = Issue("parent").ToText();

        Assert.That(() => JoinToken.Parse(text.Remove(at, 1), "f"), Throws.InstanceOf<CellsException>());
        Assert.That(JoinToken.Parse(text, "f").Mark, Is.EqualTo(JoinToken.Parse($" {text}\n", "f").Mark));
    }

    [Test]
    public void A_token_shows_no_secret_in_logs()
    {
        var token = Issue("parent");

        Assert.That($"{token}", Does.StartWith("join token of 'east-1' under 'east', until ").And.Not.Contain(token.ParentPassword));
    }

    [TestCase("90s", 90)]
    [TestCase("30m", 1800)]
    [TestCase("1h", 3600)]
    [TestCase("2d", 172_800)]
    public void A_term_is_a_number_and_a_unit(string text, int seconds)
    {
        Assert.That(JoinTokenCommand.Term(text), Is.EqualTo(TimeSpan.FromSeconds(seconds)));
    }

    [TestCase("1")]
    [TestCase("h")]
    [TestCase("0h")]
    [TestCase("-1h")]
    [TestCase("31d")]
    [TestCase("1w")]
    public void Any_other_term_is_refused(string text)
    {
        Assert.That(() => JoinTokenCommand.Term(text), Throws.InstanceOf<CellsException>().With.Message.Contains("is not a time such as 30m"));
    }

    private JoinToken Issue(string data, Uri? childBroker = null) =>
        new Joins(Path.Combine(_directory, data), new SystemIds(), _time).Issue(ParentFile(), East1, childBroker, TimeSpan.FromHours(1));

    private void Use(string data, JoinToken? token, string child = "east-1", string parent = "east")
    {
        var join = Path.Combine(_directory, "token");
        if (token is not null)
            File.WriteAllText(join, token.ToText() + "\n");
        var file = Read(data, $"{(token is null ? "" : $"join: {join}\n")}cells:\n  - {{ name: {child}, kind: compute, parent: {parent} }}\n");
        new Joins(Path.Combine(_directory, data), new SystemIds(), _time).Use(file);
    }

    private RunFile ParentFile() => Read("parent", "cells:\n  - { name: global, kind: api }\n  - { name: east, kind: routing, parent: global, children: [east-1] }\n");

    private RunFile Read(string data, string rest)
    {
        var path = Path.Combine(_directory, $"{data}.yaml");
        File.WriteAllText(path, $"data: {Path.Combine(_directory, data)}\ndatabase: Host=db1\nbus: amqp://b1\n{rest}");
        return RunFile.Read(path);
    }

    private FileLinkKeys KeysOf(string data) => new(DataDirectory.LinkKeysOf(Path.Combine(_directory, data)));

    private BusAccounts AccountsOf(string data) => DataDirectory.BusOf(Path.Combine(_directory, data), new SystemIds());
}
