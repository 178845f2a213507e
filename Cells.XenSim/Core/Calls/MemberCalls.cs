using System.Collections.Frozen;
using System.Text.Json;
using Cells.XenSim.Core.Wire;

namespace Cells.XenSim.Core.Calls;

/// <summary>
/// What a member that is not the coordinator answers by itself (xapi: datamodel's whitelist and emergency calls): liveness, its own logins, and the way
/// out of an emergency. Everything else is HOST_IS_SLAVE, or its emergency error.
/// </summary>
internal static class MemberCalls
{
    /// <summary>Answered in emergency mode too.</summary>
    public static readonly FrozenSet<string> InEmergency = new[]
    {
        "session.slave_local_login_with_password", "session.local_logout", "pool.emergency_transition_to_master", "pool.emergency_reset_master",
        "host.is_in_emergency_mode", "host.list_methods",
    }.ToFrozenSet(StringComparer.Ordinal);

    public static readonly FrozenSet<string> Anywhere =
        InEmergency.Concat(["system.isAlive", "system.listMethods"]).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The session is one of the host's own, which open nothing but the calls above.</summary>
    public static bool IsLocal(SimHost host, Envelope envelope) =>
        InEmergency.Contains(envelope.Method) && envelope.Params.Count > 0 && envelope.Params[0].ValueKind == JsonValueKind.String
        && host.LocalSessions.Contains(envelope.Params[0].GetString()!);
}
