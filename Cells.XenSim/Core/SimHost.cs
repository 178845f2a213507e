using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core;

/// <summary>The machine behind a host record: what the database does not know.</summary>
internal sealed class SimHost(HostShape shape, SimObject record)
{
    public HostShape Shape { get; } = shape;
    public SimObject Record { get; } = record;
    public string Name => Shape.Name;

    /// <summary>False while its power is off, its toolstack restarts or its network is cut: connections are refused then.</summary>
    public bool Answers { get; set; } = true;
    public bool Powered { get; set; } = true;

    /// <summary>The coordinator by its own note (xapi's pool.conf); itself, when it is that. Null until the pool's database says.</summary>
    public SimHost? Follows { get; set; }

    /// <summary>Its toolstack came up and found no coordinator: emergency mode, until one is heard.</summary>
    public bool StartedAlone { get; set; }

    /// <summary>Logins of <c>session.slave_local_login_with_password</c>: known to this host only, gone with its toolstack.</summary>
    public HashSet<string> LocalSessions { get; } = new(StringComparer.Ordinal);

    /// <summary>Counts its silences, so that what was planned for an earlier one is not done to a later one.</summary>
    public int Silences { get; set; }

    /// <summary>The hypervisor counts domains from 1 since its boot; 0 is the control domain.</summary>
    public int LastDomid { get; set; }

    public int NextDomid() => ++LastDomid;
}
