using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Networks;

/// <summary>What POST /servers says about interfaces (Nova API, create server, <c>networks</c>).</summary>
/// <param name="Each">In order of device. Null: whatever network the project has ("auto", or not a word). Empty: none.</param>
public sealed record NicsAsked(IReadOnlyList<NicAsked>? Each)
{
    public static readonly NicsAsked Auto = new((IReadOnlyList<NicAsked>?)null);
    public static readonly NicsAsked None = new([]);

    /// <summary>VIF devices 0 to 6: what a guest of XenServer can have (XenAPI, VM.get_allowed_VIF_devices).</summary>
    private const int Most = 7;

    /// <summary>From 2.37 on a create says what it wants, and may say it in a word.</summary>
    internal static NicsAsked Read(BodyObject server, Microversion version)
    {
        if (version.Has(37) && server.Any("networks") is { ValueKind: JsonValueKind.String } word)
            return ReadWord(server, word.GetString()!);
        var items = server.Objects("networks");
        if (items is null && version.Has(37))
            server.Problem.Note("server.networks", "'networks' is a required property");
        if (items is not { Count: > 0 })
            return Auto;
        if (items.Count > Most)
            server.Problem.Note("server.networks", $"A server has at most {Most} interfaces.");
        return new NicsAsked([.. items.Select(ReadOne)]);
    }

    private static NicsAsked ReadWord(BodyObject server, string word)
    {
        if (word is not ("auto" or "none"))
            server.Problem.Note("server.networks", $"Value: {word}. It is not one of auto, none, or a list");
        return word == "none" ? None : Auto;
    }

    private static NicAsked ReadOne(BodyObject item)
    {
        var (network, port, address) = (ReadId(item, "uuid"), ReadId(item, "port"), item.OptionalText("fixed_ip"));
        if (item.OptionalText("tag") is not null)
            item.Problem.Note("server.networks.tag", "Tags of devices are not possible here: no metadata service would tell the server of them.");
        item.Close();
        if (network is null && port is null)
            item.Problem.Note("server.networks", "Each entry names a network by its uuid, or a port.");
        if (address is not null && Ipv4.Parse(address) is null)
            item.Problem.Note("server.networks.fixed_ip", $"Invalid fixed IP address ({address}): it is an IPv4 address");
        if (address is not null && port is not null)
            item.Problem.Note("server.networks.fixed_ip", $"Specified Fixed IP '{address}' cannot be used with port '{port}': the two cannot be specified together.");
        return new NicAsked(
            network is { } n ? new NetworkId(n) : null, port is { } p ? new PortId(p) : null, address is null ? null : Ipv4.Parse(address)?.ToString());
    }

    private static Guid? ReadId(BodyObject item, string name)
    {
        if (item.OptionalText(name) is not { Length: > 0 } text)
            return null;
        if (Guid.TryParse(text, out var id))
            return id;
        item.Problem.Note($"server.networks.{name}", $"Value: {text}. '{text}' is not a 'uuid'");
        return null;
    }
}

/// <param name="Port">When it is named, it says the network and the address.</param>
/// <param name="Address">IPv4, as text; null for any.</param>
public sealed record NicAsked(NetworkId? Network, PortId? Port, string? Address);
