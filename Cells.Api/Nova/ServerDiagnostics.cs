using System.Text.Json;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>How diagnostics are shown: in Nova's standard form from 2.48, before that as whatever the driver has. What no host tells is null.</summary>
internal static class ServerDiagnostics
{
    private static readonly string[] DiskCounters = ["read_bytes", "read_requests", "write_bytes", "write_requests", "errors_count"];

    private static readonly string[] NicCounters =
        ["rx_octets", "rx_errors", "rx_drop", "rx_packets", "rx_rate", "tx_octets", "tx_errors", "tx_drop", "tx_packets", "tx_rate"];

    public static void WriteStandard(Utf8JsonWriter w, InstanceDiagnostics seen)
    {
        w.WriteStartObject();
        w.WriteString("state", seen.PowerState);
        w.WriteString("driver", "xenapi");
        w.WriteString("hypervisor", "xen");
        w.WriteString("hypervisor_os", seen.HypervisorOs);
        WriteNumber(w, "uptime", seen.Uptime);
        w.WriteBoolean("config_drive", false);
        w.WriteNumber("num_cpus", seen.Vcpus);
        w.WriteNumber("num_disks", seen.Disks);
        w.WriteNumber("num_nics", seen.Macs.Count);
        w.WriteStartArray("cpu_details");
        for (var cpu = 0; cpu < seen.Vcpus; cpu++)
        {
            w.WriteStartObject();
            w.WriteNumber("id", cpu);
            w.WriteNull("time");
            w.WriteNull("utilisation");
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartArray("disk_details");
        for (var disk = 0; disk < seen.Disks; disk++)
        {
            w.WriteStartObject();
            WriteNulls(w, DiskCounters);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartArray("nic_details");
        foreach (var mac in seen.Macs)
        {
            w.WriteStartObject();
            w.WriteString("mac_address", mac);
            WriteNulls(w, NicCounters);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartObject("memory_details");
        w.WriteNumber("maximum", seen.MemoryMaximumMib);
        WriteNumber(w, "used", seen.MemoryUsedMib);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    /// <summary>Names as the XenAPI driver took them from a host's data sources; memory in bytes.</summary>
    public static void WriteDriverMap(Utf8JsonWriter w, InstanceDiagnostics seen)
    {
        w.WriteStartObject();
        w.WriteNumber("memory_target", seen.MemoryMaximumMib * Contracts.Units.Mib);
        if (seen.MemoryUsedMib is { } used)
            w.WriteNumber("memory", used * Contracts.Units.Mib);
        w.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter w, string name, long? value)
    {
        if (value is { } number)
            w.WriteNumber(name, number);
        else
            w.WriteNull(name);
    }

    private static void WriteNulls(Utf8JsonWriter w, IEnumerable<string> names)
    {
        foreach (var name in names)
            w.WriteNull(name);
    }
}
