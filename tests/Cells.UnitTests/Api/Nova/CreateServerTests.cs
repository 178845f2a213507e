using System.Text.Json;
using Cells.Api.Nova;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Nova;

public sealed class CreateServerTests
{
    private const string Image = "6a1f0a3e-6c1c-4a51-9d0a-0f3b8f1f7a01";

    [Test]
    public void The_least_that_can_be_asked_has_Novas_defaults()
    {
        var asked = Read("");

        Assert.That(asked, Is.Not.Null);
        Assert.That((asked!.Name, asked.FlavorRef, asked.Image), Is.EqualTo(("x", "1", new ImageId(Guid.Parse(Image)))));
        Assert.That((asked.MinCount, asked.MaxCount, asked.ReturnReservationId, asked.DiskConfig), Is.EqualTo((1, 1, false, "MANUAL")));
        Assert.That((asked.AdminPass, asked.KeyName, asked.AccessIpV4, asked.AccessIpV6), Is.EqualTo(((string?)null, (string?)null, (string?)null, (string?)null)));
        Assert.That(asked.Metadata, Is.Empty);
        Assert.That(asked.SecurityGroups, Is.EqualTo(new[] { "default" }));
        Assert.That(asked.Hints, Is.EqualTo(Cells.Contracts.Messages.PlacementHints.None));
    }

    [TestCase("\"min_count\": 3", 3, 3)]
    [TestCase("\"max_count\": 3", 1, 3)]
    [TestCase("\"min_count\": \"2\", \"max_count\": \"4\"", 2, 4)]
    public void Counts_follow_each_other(string more, int minimum, int maximum)
    {
        var asked = Read(more)!;

        Assert.That((asked.MinCount, asked.MaxCount), Is.EqualTo((minimum, maximum)));
    }

    [TestCase("\"flavorRef\": \"http://h/compute/v2.1/flavors/m1\"", "m1")]
    [TestCase("\"flavorRef\": \"http://h/compute/v2.1/flavors/m1/\"", "m1")]
    [TestCase("\"flavorRef\": 42", "42")]
    public void A_reference_is_an_id_or_a_url(string flavor, string expected) =>
        Assert.That(Read(flavor)!.FlavorRef, Is.EqualTo(expected));

    [Test]
    public void A_refusal_names_the_member_and_never_shows_a_password()
    {
        using var body = JsonDocument.Parse($"{{\"server\": {{\"name\": \"x\", \"flavorRef\": \"1\", \"imageRef\": \"{Image}\", \"adminPass\": \"{new string('s', 300)}\"}}}}");

        var asked = CreateServer.Read(body.RootElement, Cells.Api.Http.Microversion.Minimum, out var refusal);

        Assert.That(asked, Is.Null);
        Assert.That(refusal!.Status, Is.EqualTo(400));
        Assert.That(refusal.Message, Does.Contain("server.adminPass").And.Not.Contain("sss"));
    }

    [Test]
    public void Cells_are_named_by_name_or_path()
    {
        using var body = JsonDocument.Parse("""
            {"server": {"name": "x", "flavorRef": "1", "imageRef": "IMAGE", "availability_zone": "zone-1"},
             "os:scheduler_hints": {"target_cell": "global.east.east-1", "different_cell": "west"}}
            """.Replace("IMAGE", Image));

        var hints = CreateServer.Read(body.RootElement, Cells.Api.Http.Microversion.Minimum, out _)!.Hints;

        Assert.That((hints.AvailabilityZone, hints.OnlyCell), Is.EqualTo(("zone-1", (CellName?)CellName.Parse("east-1"))));
        Assert.That(hints.NotCells, Is.EqualTo(new[] { CellName.Parse("west") }));
    }

    private static CreateServer? Read(string more)
    {
        var members = new List<string> { "\"name\": \"x\"", $"\"imageRef\": \"{Image}\"" };
        if (!more.Contains("flavorRef"))
            members.Add("\"flavorRef\": \"1\"");
        if (more.Length > 0)
            members.Add(more);
        using var body = JsonDocument.Parse($"{{\"server\": {{{string.Join(", ", members)}}}}}");
        var asked = CreateServer.Read(body.RootElement, Cells.Api.Http.Microversion.Minimum, out var refusal);
        Assert.That(refusal?.Message, Is.Null);
        return asked;
    }
}
