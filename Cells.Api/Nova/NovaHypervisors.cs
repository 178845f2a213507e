using System.Globalization;
using System.Text.Json;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>Hypervisors (Nova API, os-hypervisors): every host below, as its cell last showed it.</summary>
internal sealed class NovaHypervisors(SeenFleet fleet, HomeOptions options)
{
    private const int MaximumLimit = 1_000;

    public static readonly string[] Known = ["limit", "marker", "hypervisor_hostname_pattern", "with_servers"];

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, bool detail, CancellationToken stop)
    {
        var version = caller.Version;
        var (limit, problem) = (version.Has(33) ? MaximumLimit : int.MaxValue, (string?)null);
        if (version.Has(33))
            limit = query.Limit(MaximumLimit, out problem);
        var (pattern, marker) = (version.Has(53) ? query["hypervisor_hostname_pattern"] : null, version.Has(33) ? query["marker"] : null);
        if (pattern is not null && (marker ?? query["limit"]) is not null)
            problem ??= "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.";
        var withServers = version.Has(53) && query["with_servers"] is { } word ? BodyObject.BooleanWord(word) : false;
        if (withServers is null)
            problem ??= $"Invalid input for query parameters with_servers. Value: {query["with_servers"]}. It is true or false";
        if (problem is not null)
            return ApiResult.BadRequest(problem);

        var hosts = (await fleet.HostsWithWorkAsync(stop)).Where(host => pattern is null || host.Row.Name.Contains(pattern, StringComparison.OrdinalIgnoreCase)).ToList();
        if (pattern is not null && hosts.Count == 0)
            return ApiResult.NotFound($"No hypervisor matching '{pattern}' could be found.");
        if (hosts.Cut(host => IdOf(host, version), marker, limit) is not { } page)
            return Pages.NoMarker(marker);
        var servers = withServers == true ? await ServersOf(page.Items, stop) : null;
        return Listed(page.Items, detail, version, servers, w =>
            NovaLinks.WriteNext(w, "hypervisors_links", options.BaseUrl, $"os-hypervisors{(detail ? "/detail" : "")}", query, page.Next));
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, Query query, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } host)
            return NoSuchHypervisor(id);
        var servers = caller.Version.Has(53) && query["with_servers"] is { } word && BodyObject.BooleanWord(word) == true ? await ServersOf([host], stop) : null;
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WritePropertyName("hypervisor");
            Write(w, host, detail: true, caller.Version, servers);
            w.WriteEndObject();
        });
    }

    /// <summary>501: how long a host has been up is not reported.</summary>
    public async Task<ApiResult> UptimeAsync(RequestContext caller, string id, CancellationToken stop) =>
        await FindAsync(caller, id, stop) is null
            ? NoSuchHypervisor(id)
            : ApiResult.Refuse(501, "Virt driver does not implement uptime function.");

    /// <summary>Until 2.52: hosts whose names hold a text, with their servers or without.</summary>
    public async Task<ApiResult> SearchAsync(RequestContext caller, string pattern, bool withServers, CancellationToken stop)
    {
        var hosts = (await fleet.HostsWithWorkAsync(stop)).Where(host => host.Row.Name.Contains(pattern, StringComparison.OrdinalIgnoreCase)).ToList();
        return hosts.Count == 0
            ? ApiResult.NotFound($"No hypervisor matching '{pattern}' could be found.")
            : Listed(hosts, detail: false, caller.Version, withServers ? await ServersOf(hosts, stop) : null);
    }

    public async Task<ApiResult> StatisticsAsync(CancellationToken stop)
    {
        var hosts = (await fleet.HostsWithWorkAsync(stop)).Where(host => !host.IsDisabled).ToList();
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartObject("hypervisor_statistics");
            w.WriteNumber("count", hosts.Count);
            foreach (var (name, value) in Figures)
                w.WriteNumber(name, hosts.Sum(value));
            w.WriteEndObject();
            w.WriteEndObject();
        });
    }

    // What a host has, and what is promised of it: nothing else is known to be free.
    private static readonly (string Name, Func<FleetHost, long> Value)[] Figures =
    [
        ("vcpus", host => host.Row.Vcpus),
        ("vcpus_used", host => host.Row.PromisedVcpus),
        ("memory_mb", host => host.Row.MemoryMib),
        ("memory_mb_used", host => host.Row.PromisedMemoryMib + host.Row.OutsideMemoryMib),
        ("free_ram_mb", host => host.Row.MemoryMib - host.Row.PromisedMemoryMib - host.Row.OutsideMemoryMib),
        ("local_gb", host => host.Row.SrBytes / Units.Gib),
        ("local_gb_used", host => host.Row.PromisedSrBytes / Units.Gib),
        ("free_disk_gb", host => (host.Row.SrBytes - host.Row.PromisedSrBytes) / Units.Gib),
        ("disk_available_least", host => (host.Row.SrBytes - host.Row.PromisedSrBytes) / Units.Gib),
        ("running_vms", host => host.Row.Instances),
        ("current_workload", host => host.Working),
    ];

    private async Task<FleetHost?> FindAsync(RequestContext caller, string id, CancellationToken stop) =>
        (await fleet.HostsWithWorkAsync(stop)).FirstOrDefault(host => IdOf(host, caller.Version) == id);

    private async Task<ILookup<HostId, InstanceId>> ServersOf(IEnumerable<FleetHost> hosts, CancellationToken stop) =>
        (await fleet.ServersAsync(hosts.Select(host => host.Row.Host), stop)).ToLookup(server => server.Host, server => server.Instance);

    private static string IdOf(FleetHost host, Microversion version) =>
        version.Has(53) ? host.Row.Host.ToString() : host.Number.ToString(CultureInfo.InvariantCulture);

    private static ApiResult Listed(
        IReadOnlyList<FleetHost> hosts, bool detail, Microversion version, ILookup<HostId, InstanceId>? servers, Action<Utf8JsonWriter>? writeNext = null) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("hypervisors");
        foreach (var host in hosts)
            Write(w, host, detail, version, servers);
        w.WriteEndArray();
        writeNext?.Invoke(w);
        w.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter w, FleetHost host, bool detail, Microversion version, ILookup<HostId, InstanceId>? servers)
    {
        w.WriteStartObject();
        WriteId(w, host, version);
        w.WriteString("hypervisor_hostname", host.Row.Name);
        w.WriteString("state", host.IsUp ? "up" : "down");
        w.WriteString("status", host.IsDisabled ? "disabled" : "enabled");
        if (detail)
            WriteDetail(w, host, version);
        // Before 2.75 a host without servers has none to show; since then it shows that.
        if (servers is not null && (version.Has(75) || servers[host.Row.Host].Any()))
            WriteServers(w, servers[host.Row.Host]);
        w.WriteEndObject();
    }

    private static void WriteDetail(Utf8JsonWriter w, FleetHost host, Microversion version)
    {
        foreach (var (name, value) in Figures)
            w.WriteNumber(name, value(host));
        w.WriteString("hypervisor_type", "XenServer");
        w.WriteNull("hypervisor_version");                     // hosts' rows do not say it
        w.WriteString("host_ip", host.Row.Address);
        if (version.Has(28))
            w.WriteNull("cpu_info");
        else
            w.WriteString("cpu_info", "");
        w.WriteStartObject("service");
        WriteId(w, host, version);
        w.WriteString("host", host.Row.Name);
        w.WriteString("disabled_reason", host.DisabledReason);
        w.WriteEndObject();
    }

    private static void WriteServers(Utf8JsonWriter w, IEnumerable<InstanceId> servers)
    {
        w.WriteStartArray("servers");
        foreach (var server in servers)
        {
            w.WriteStartObject();
            w.WriteString("uuid", server.Value);
            w.WriteString("name", $"instance-{server}");
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    private static void WriteId(Utf8JsonWriter w, FleetHost host, Microversion version)
    {
        if (version.Has(53))
            w.WriteString("id", host.Row.Host.Value);
        else
            w.WriteNumber("id", host.Number);
    }

    private static ApiResult NoSuchHypervisor(string id) => ApiResult.NotFound($"Hypervisor with ID '{id}' could not be found.");
}
