using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cells.Contracts.Messages;

namespace Cells.Contracts.Wire;

/// <summary>The closed set of work and news messages: name to type and back, and their bytes.</summary>
public static class WireMessages
{
    // Read once: an attribute is looked up by reflection, and names are asked for with every message.
    private static readonly FrozenDictionary<Type, string> NamesByType = new Type[]
    {
        typeof(BuildInstance), typeof(InstancePlaced), typeof(PlacementFailed), typeof(DeleteInstance), typeof(InstanceDeleted),
        typeof(ActOnInstance), typeof(InstanceActed), typeof(AskInstance), typeof(InstanceTold), typeof(AskCell), typeof(CellTold),
        typeof(RequestImageTicket), typeof(ImageTicket), typeof(ConfigureHost), typeof(CellNews),
    }.ToFrozenDictionary(type => type, type => type.GetCustomAttribute<WireNameAttribute>()?.Name
        ?? throw new InvalidOperationException($"{type.Name} has no wire name."));

    private static readonly FrozenDictionary<string, JsonTypeInfo> ByName =
        NamesByType.ToFrozenDictionary(named => named.Value, named => WireJsonContext.Default.GetTypeInfo(named.Key)!);

    public static IEnumerable<string> Names => ByName.Keys.Order(StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">It is none of the messages that travel.</exception>
    public static string NameOf(object message) => NamesByType.TryGetValue(message.GetType(), out var name)
        ? name
        : throw new InvalidOperationException($"{message.GetType().Name} has no wire name: it is not a message that travels.");

    public static byte[] ToBytes(object message) => JsonSerializer.SerializeToUtf8Bytes(message, ByName[NameOf(message)]);

    /// <summary>False for a name this version does not know: the caller refuses it politely, naming the name.</summary>
    /// <exception cref="JsonException">The bytes are no such message.</exception>
    public static bool TryRead(string name, ReadOnlySpan<byte> bytes, out object? message)
    {
        message = ByName.TryGetValue(name, out var type) ? JsonSerializer.Deserialize(bytes, type) : null;
        return message is not null;
    }
}
