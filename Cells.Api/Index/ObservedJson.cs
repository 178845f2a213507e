using System.Text.Json;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;

namespace Cells.Api.Index;

/// <summary>The bodies of <c>instance_observed</c> and <c>host_observed</c>: the rows as they came over the link.</summary>
public static class ObservedJson
{
    public static InstanceRow Instance(string body) => JsonSerializer.Deserialize(body, WireJsonContext.Default.InstanceRow)!;

    public static HostRow Host(string body) => JsonSerializer.Deserialize(body, WireJsonContext.Default.HostRow)!;
}
