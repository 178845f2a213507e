namespace Cells.Scheduler.Filters;

/// <summary>
/// Keeps hosts whose aggregates have what the flavor's extra specs ask of them (Nova, AggregateInstanceExtraSpecsFilter): keys of the scope
/// <c>aggregate_instance_extra_specs</c>, and keys without a scope. A value is met by an equal one, or by one of <c>&lt;or&gt; a &lt;or&gt; b</c>.
/// </summary>
public sealed class AggregateFilter : IHostFilter
{
    private const string Scope = "aggregate_instance_extra_specs:", Or = "<or>";

    public string Name => "aggregate_extra_specs";

    public string? Reject(in HostShape host, PlacementRequest request, HostIndex index)
    {
        foreach (var (name, wanted) in request.ExtraSpecs)
        {
            var scoped = name.StartsWith(Scope, StringComparison.Ordinal);
            if (!scoped && name.Contains(':', StringComparison.Ordinal))
                continue;                                     // of another scope: for somebody else
            var key = scoped ? name[Scope.Length..] : name;
            var values = AggregateTraits.ValuesOf(host.Aggregates, key);
            if (values.Count == 0)
                return $"is in no aggregate with {key}, asked {wanted}";
            if (!values.Any(value => Meets(value, wanted)))
                return $"its aggregates have {key} {string.Join(", ", values)}, asked {wanted}";
        }
        return null;
    }

    private static bool Meets(string value, string wanted) => wanted.StartsWith(Or, StringComparison.Ordinal)
        ? wanted.Split(Or, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Contains(value, StringComparer.Ordinal)
        : value == wanted;
}
