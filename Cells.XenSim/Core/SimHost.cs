using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core;

/// <summary>The machine behind a host record: what the database does not know.</summary>
internal sealed class SimHost(HostShape shape, SimObject record)
{
    public HostShape Shape { get; } = shape;
    public SimObject Record { get; } = record;
    public string Name => Shape.Name;

    /// <summary>False while its power is off or its toolstack restarts: connections are refused then.</summary>
    public bool Answers { get; set; } = true;
    public bool Powered { get; set; } = true;

    /// <summary>The hypervisor counts domains from 1 since its boot; 0 is the control domain.</summary>
    public int LastDomid { get; set; }

    public int NextDomid() => ++LastDomid;
}
