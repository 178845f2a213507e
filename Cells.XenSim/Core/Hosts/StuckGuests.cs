using System.Text.Json;
using Cells.XenSim.Core.Wire;

namespace Cells.XenSim.Core.Hosts;

/// <summary>Map from VM to the error that keeps it where it is, as code and parameters.</summary>
internal sealed class StuckGuests(IReadOnlyList<string> vms) : IWireValue
{
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var vm in vms)
        {
            writer.WriteStartArray(vm);
            writer.WriteStringValue("NO_HOSTS_AVAILABLE");
            writer.WriteStringValue(vm);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }
}
