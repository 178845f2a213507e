using Cells.Contracts;
using Cells.Host.Configuration;
using NUnit.Framework;

namespace Cells.UnitTests.Host;

public sealed class BusChoiceTests
{
    [TestCase("in-process", false, null)]
    [TestCase("rabbitmq", true, null)]
    [TestCase("rabbitmq=amqp://broker1:5673", true, "amqp://broker1:5673/")]
    [TestCase("rabbitmq=amqps://broker1", true, "amqps://broker1:5671/")]
    public void A_bus_is_chosen(string text, bool usesRabbitMq, string? broker)
    {
        Assert.That(BusChoice.Parse(text), Is.EqualTo(new BusChoice(usesRabbitMq, broker is null ? null : new Uri(broker))));
    }

    [TestCase("kafka", "is none of in-process, rabbitmq, rabbitmq=URL")]
    [TestCase("rabbitmq=http://broker1", "is not the URL of a broker, such as amqp://broker1:5672")]
    [TestCase("rabbitmq=amqp://broker1/host", "is not the URL of a broker")]
    [TestCase("rabbitmq=amqp://me:secret@broker1", "give the URL without account and password")]
    public void Anything_else_is_refused_with_the_way_out(string text, string expected)
    {
        Assert.That(() => BusChoice.Parse(text), Throws.InstanceOf<CellsException>().With.Message.Contains(expected).And.Message.Not.Contains("secret"));
    }
}
