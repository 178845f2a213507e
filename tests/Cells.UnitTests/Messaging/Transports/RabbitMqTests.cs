using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Messaging.Transports.RabbitMq;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Transports;

public sealed class RabbitMqTests
{
    private static readonly CellName East = CellName.Parse("east");
    private static readonly CellName West = CellName.Parse("west");

    [Test]
    public void The_wait_before_a_connection_doubles_up_to_five_seconds_and_begins_anew_after_a_good_one()
    {
        var waits = new List<double>();
        var backOff = BackOff.First;

        for (var i = 0; i < 7; i++)
        {
            waits.Add(backOff.Wait.TotalSeconds);
            backOff = backOff.After(lasted: TimeSpan.FromSeconds(1));
        }

        Assert.That(waits, Is.EqualTo(new[] { 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5 }));
        Assert.That(backOff.After(lasted: TimeSpan.FromSeconds(10)), Is.EqualTo(BackOff.First));
    }

    [Test]
    public void A_neighbour_may_write_to_its_own_exchange_and_do_nothing_else()
    {
        var definitions = JsonNode.Parse(BrokerDefinitions.Of([new CellAccounts(West, "w", [(East, "e")])]))!;

        var rights = definitions["permissions"]!.AsArray().Select(p => string.Join(" | ", p!["user"], p["vhost"], p["configure"], p["write"], p["read"]));
        Assert.That(rights, Is.EqualTo(new[]
        {
            @"west | west | ^link\..*$ | ^link\..*$ | ^link\..*$",
            @"east.west | west | ^$ | ^link\.east$ | ^$",
        }));
    }

    [Test]
    public void Definitions_hold_salted_hashes_and_the_same_cells_give_the_same_text()
    {
        var cells = new CellAccounts[] { new(West, "secret-w", [(East, "secret-e")]) };

        var text = BrokerDefinitions.Of(cells);

        Assert.That(text, Does.Not.Contain("secret"));
        Assert.That(BrokerDefinitions.Of(cells), Is.EqualTo(text));
        // RabbitMQ docs, "Passwords": base64 of the salt's 4 bytes and SHA-256 over salt and password.
        var hash = Convert.FromBase64String((string)JsonNode.Parse(text)!["users"]![0]!["password_hash"]!);
        Assert.That(hash[4..], Is.EqualTo(SHA256.HashData([.. hash[..4], .. Encoding.UTF8.GetBytes("secret-w")])));
    }

    [TestCase("amqp://b1", "amqp://east:p%2Fw@b1/west", "b1:5672/west")]
    [TestCase("amqps://b1:5671", "amqps://east:p%2Fw@b1:5671/west", "b1:5671/west")]
    public void A_url_enters_one_virtual_host_and_is_shown_without_secrets(string broker, string expected, string shown)
    {
        var url = BrokerNames.Url(new Uri(broker), West, "east", "p/w");

        Assert.That(url.AbsoluteUri, Is.EqualTo(expected));
        Assert.That(BrokerNames.Shown(url), Is.EqualTo(shown));
    }
}
