using System.Text.Json;
using Cells.Api.Http;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Http;

public sealed class BodyObjectTests
{
    [TestCase("{\"n\": 5}", 5L)]
    [TestCase("{\"n\": \"5\"}", 5L)]
    [TestCase("{\"n\": null}", null)]
    [TestCase("{}", null)]
    public void Numbers_may_be_written_as_text(string body, long? expected)
    {
        var (read, problem) = Read(body, o => o.Integer("n", 1, 10));

        Assert.That((read, problem), Is.EqualTo((expected, (string?)null)));
    }

    [TestCase("{\"n\": 0}", "less than the minimum of 1")]
    [TestCase("{\"n\": 11}", "greater than the maximum of 10")]
    [TestCase("{\"n\": 1.5}", "not of type 'integer'")]
    [TestCase("{\"n\": true}", "not of type 'integer'")]
    [TestCase("{\"n\": \"x\"}", "not of type 'integer'")]
    [TestCase("{\"n\": 99999999999999999999}", "not of type 'integer'")]
    public void Numbers_that_are_none_are_named(string body, string reason)
    {
        var (_, problem) = Read(body, o => o.Integer("n", 1, 10));

        Assert.That(problem, Does.StartWith("Invalid input for field/attribute n.").And.Contain(reason));
    }

    [TestCase("true", true)]
    [TestCase("\"True\"", true)]
    [TestCase("\"1\"", true)]
    [TestCase("\"on\"", true)]
    [TestCase("false", false)]
    [TestCase("\"no\"", false)]
    [TestCase("\"0\"", false)]
    public void Booleans_may_be_words(string value, bool expected)
    {
        var (read, problem) = Read($"{{\"b\": {value}}}", o => o.Boolean("b"));

        Assert.That((read, problem), Is.EqualTo(((bool?)expected, (string?)null)));
    }

    [Test]
    public void What_nobody_read_is_refused_by_name()
    {
        var (_, problem) = Read("{\"known\": 1, \"other\": 2}", o =>
        {
            o.Ignore("known");
            o.Close();
            return 0;
        });

        Assert.That(problem, Is.EqualTo("Invalid input for field/attribute other. Additional properties are not allowed ('other' was unexpected)"));
    }

    [Test]
    public void Only_the_first_thing_that_is_wrong_is_told_and_reading_goes_on()
    {
        var (_, problem) = Read("{\"a\": 1}", o => (o.Text("a"), o.Text("b"), o.Object("c").Text("d")));

        Assert.That(problem, Does.StartWith("Invalid input for field/attribute a."));
    }

    [Test]
    public void Strings_are_sorted_and_checked()
    {
        var (read, problem) = Read("{\"m\": {\"b\": \"2\", \"a\": \"1\"}}", o => o.Strings("m"));
        var (_, tooLong) = Read($"{{\"m\": {{\"{new string('k', 256)}\": \"1\"}}}}", o => o.Strings("m"));

        Assert.That(problem, Is.Null);
        Assert.That(read!.Keys, Is.EqualTo(new[] { "a", "b" }));
        Assert.That(tooLong, Does.Contain("1 to 255 characters"));
    }

    private static (T Read, string? Problem) Read<T>(string body, Func<BodyObject, T> read)
    {
        using var document = JsonDocument.Parse(body);
        var problem = new Problem();
        return (read(BodyObject.Root(document.RootElement, problem)), problem.Text);
    }
}
