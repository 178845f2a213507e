using System.Text.Json;
using Cells.Api.Fleet;
using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>Availability zones (Nova API, os-availability-zone): those that hosts are in. One is available while a host of it takes new instances.</summary>
internal sealed class NovaZones(SeenFleet fleet)
{
    public async Task<ApiResult> ListAsync(bool detail, CancellationToken stop)
    {
        var hosts = await fleet.HostsAsync(stop);
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("availabilityZoneInfo");
            foreach (var zone in hosts.GroupBy(host => host.Zone).OrderBy(zone => zone.Key, StringComparer.Ordinal))
                Write(w, zone, detail);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter w, IGrouping<string, FleetHost> zone, bool detail)
    {
        w.WriteStartObject();
        w.WriteString("zoneName", zone.Key);
        w.WriteStartObject("zoneState");
        w.WriteBoolean("available", zone.Any(host => host.IsUp && !host.IsDisabled));
        w.WriteEndObject();
        if (detail)
            WriteHosts(w, zone);
        else
            w.WriteNull("hosts");
        w.WriteEndObject();
    }

    private static void WriteHosts(Utf8JsonWriter w, IEnumerable<FleetHost> hosts)
    {
        w.WriteStartObject("hosts");
        foreach (var host in hosts.DistinctBy(host => host.Row.Name).OrderBy(host => host.Row.Name, StringComparer.Ordinal))
        {
            w.WriteStartObject(host.Row.Name);
            w.WriteStartObject("nova-compute");
            w.WriteBoolean("available", host.IsUp);
            w.WriteBoolean("active", !host.IsDisabled);
            w.WriteString("updated_at", NovaTimes.Micro(host.Row.UpdatedAt));
            w.WriteEndObject();
            w.WriteEndObject();
        }
        w.WriteEndObject();
    }
}
