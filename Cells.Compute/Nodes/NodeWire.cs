using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cells.Compute.Hosts;
using Cells.Compute.Pools;
using Cells.Compute.Questions;
using Cells.Compute.Reconciling;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Nodes;

/// <summary>
/// Frames between the nodes of one cell, signed with a key that only they have. The nodes of a cell run one version (they share its schema), so messages
/// are as their records are: nothing here outlives a restart.
/// </summary>
internal sealed class NodeWire(SessionVault vault, CellName cell)
{
    private const int SignatureBytes = 32;

    private static readonly SortedDictionary<string, Type> Kinds = new(
        new[]
        {
            typeof(Hello), typeof(StillHere), typeof(AskTicket), typeof(Welcome), typeof(BeginAgain), typeof(LookNow), typeof(ImageTicket),
            typeof(PoolTaken), typeof(PoolShown), typeof(VmShown), typeof(VmGone), typeof(VdiShown), typeof(VdiGone), typeof(HostShown), typeof(HostGone), typeof(SrShown), typeof(SrGone),
            typeof(HostHealthChanged), typeof(OutsideUsage), typeof(PoolStatusChanged), typeof(StepEnded), typeof(UnfinishedClonesFound), typeof(HostCame), typeof(HostLeft),
            typeof(PerformStep), typeof(DestroyLeftover), typeof(FindUnfinishedClones), typeof(DestroyClone), typeof(TakeNewVms), typeof(AnswerQuestion), typeof(QuestionAnswered),
        }.ToDictionary(type => type.Name), StringComparer.Ordinal);

    private static readonly JsonSerializerOptions Json = new()
    {
        IgnoreReadOnlyProperties = true,
        Converters = { new AddressConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { KnowOutcomes } },
    };

    private readonly byte[] _key = vault.Derive($"frames between nodes of {cell}");

    public static bool Carries(Type type) => Kinds.ContainsValue(type);

    public byte[] Write(ToLeader frame) => Sign(new Text(
        frame.From.Value, null, frame.NodeEpoch, frame.LeaderEpoch, frame.Session, frame.Number, null, NameOf(frame.Message), Body(frame.Message)));

    public byte[] Write(ToHand frame) => Sign(new Text(
        null, frame.To.Value, frame.NodeEpoch, frame.LeaderEpoch, frame.Session, frame.Number, frame.Host, NameOf(frame.Message), Body(frame.Message)));

    /// <returns>
    /// A <see cref="ToLeader"/> or a <see cref="ToHand"/>; null when it is not signed with this cell's key, or says what this version does not know: for a
    /// while, as nodes are brought up to date one after the other, they run two.
    /// </returns>
    public object? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < SignatureBytes || !CryptographicOperations.FixedTimeEquals(bytes[..SignatureBytes], HMACSHA256.HashData(_key, bytes[SignatureBytes..])))
            return null;
        try
        {
            return FrameOf(JsonSerializer.Deserialize<Text>(bytes[SignatureBytes..], Json)!);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static object? FrameOf(Text text)
    {
        if (!Kinds.TryGetValue(text.Kind, out var kind) || text.Body.Deserialize(kind, Json) is not { } message)
            return null;
        return text.From is { } from
            ? new ToLeader(NodeName.Parse(from), text.NodeEpoch, text.LeaderEpoch, text.Session, text.Number, message)
            : new ToHand(NodeName.Parse(text.To!), text.NodeEpoch, text.LeaderEpoch, text.Session, text.Number, text.Host, message);
    }

    private byte[] Sign(Text text)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(text, Json);
        return [.. HMACSHA256.HashData(_key, body), .. body];
    }

    private static string NameOf(object message) => Kinds.ContainsValue(message.GetType())
        ? message.GetType().Name
        : throw new InvalidOperationException($"A {message.GetType().Name} has no way between nodes: name it in {nameof(NodeWire)}.");

    private static JsonElement Body(object message) => JsonSerializer.SerializeToElement(message, message.GetType(), Json);

    /// <summary>Every outcome that there is, by its name.</summary>
    private static void KnowOutcomes(JsonTypeInfo info)
    {
        if (info.Type != typeof(StepOutcome))
            return;
        info.PolymorphismOptions = new JsonPolymorphismOptions();
        foreach (var outcome in typeof(StepOutcome).GetNestedTypes().Where(typeof(StepOutcome).IsAssignableFrom))
            info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(outcome, outcome.Name));
    }

    private sealed record Text(
        string? From, string? To, long NodeEpoch, long LeaderEpoch, long Session, long Number, HostId? Host, string Kind, JsonElement Body);

    private sealed class AddressConverter : JsonConverter<HostAddress>
    {
        public override HostAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => HostAddress.Parse(reader.GetString()!);
        public override void Write(Utf8JsonWriter writer, HostAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}

/// <summary>A host's actor works at this node; at the leader it becomes a <see cref="HostAttached"/>.</summary>
internal sealed record HostCame(HostId Host, PoolOwner Owner);

/// <summary>It does not any more.</summary>
internal sealed record HostLeft(HostId Host, PoolOwner Owner);
