using System.Text.Json.Serialization;

namespace Cells.Api.Networks;

/// <summary>JSON of the columns of networks' tables.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<PoolColumn>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class NetworkJson : JsonSerializerContext;

/// <summary>One range of <c>subnet.pools</c>.</summary>
internal sealed record PoolColumn(string Start, string End)
{
    public static PoolColumn Of(AddressRange range) => new(range.From.ToString(), range.To.ToString());

    public AddressRange ToRange() => Ipv4.Parse(Start) is { } start && Ipv4.Parse(End) is { } end
        ? new AddressRange(start, end)
        : throw new InvalidOperationException($"Table subnet holds a bad pool: {Start} to {End}.");
}
