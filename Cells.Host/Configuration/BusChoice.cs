using Cells.Contracts;

namespace Cells.Host.Configuration;

/// <summary>What shall carry frames between the cells of `cells up`.</summary>
/// <param name="UsesRabbitMq">False: this process's memory.</param>
/// <param name="Broker">A broker that is there already, without account; null: a private one.</param>
internal sealed record BusChoice(bool UsesRabbitMq, Uri? Broker)
{
    public const string InProcess = "in-process";
    public const string RabbitMq = "rabbitmq";

    /// <summary>As it is given to --bus.</summary>
    public override string ToString() => !UsesRabbitMq ? InProcess : Broker is null ? RabbitMq : $"{RabbitMq}={Broker.GetLeftPart(UriPartial.Authority)}";

    /// <exception cref="CellsException">The text is none of in-process, rabbitmq, rabbitmq=URL.</exception>
    public static BusChoice Parse(string text) => text switch
    {
        InProcess => new BusChoice(false, null),
        RabbitMq => new BusChoice(true, null),
        _ when text.StartsWith(RabbitMq + "=", StringComparison.Ordinal) => new BusChoice(true, ParseBroker(text[(RabbitMq.Length + 1)..], "--bus")),
        _ => throw new CellsException($"--bus '{text}' is none of in-process, rabbitmq, rabbitmq=URL."),
    };

    /// <exception cref="CellsException">The text is no URL of a broker.</exception>
    public static Uri ParseBroker(string text, string what)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("amqp" or "amqps") || url.AbsolutePath is not ("" or "/"))
            throw new CellsException($"{what}: '{text}' is not the URL of a broker, such as amqp://broker1:5672 or amqps://broker1:5671.");
        if (url.UserInfo.Length > 0)
            throw new CellsException($"{what}: give the URL without account and password. Each cell has its own accounts there: `cells bus definitions` says which.");
        return url.Port > 0 ? url : new UriBuilder(url) { Port = url.Scheme == "amqps" ? 5671 : 5672 }.Uri;
    }
}
