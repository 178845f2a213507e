using Cells.Contracts.Messages;

namespace Cells.Scheduler;

/// <summary>
/// What a host's aggregates say of it, as one text that two hosts have in common or not: a line "key=value" for each item of each aggregate, sorted.
/// A key that two aggregates have stands there with both values (Nova, aggregate_metadata_get_by_host).
/// </summary>
public static class AggregateTraits
{
    public static string Of(IEnumerable<HostAggregate> aggregates) => string.Join('\n', aggregates
        .SelectMany(aggregate => aggregate.Metadata.Select(item => $"{item.Key}={item.Value}"))
        .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    /// <summary>Every value that the traits give the key; none when no aggregate has it.</summary>
    public static IReadOnlyList<string> ValuesOf(string traits, string key) =>
        [.. traits.Split('\n').Where(line => line.StartsWith($"{key}=", StringComparison.Ordinal)).Select(line => line[(key.Length + 1)..])];
}
