using Cells.XenSim.Core.Calls;

namespace Cells.XenSim.Core.Hosts;

/// <summary>The pool's hand-written messages that concern a pool without HA. Its fields and other_config are generated.</summary>
internal static class PoolMethods
{
    public static void Register(MethodTable table)
    {
        table.On("pool.sync_database", _ => Step.Void);
        table.On("pool.recover_slaves", _ => Step.Of(Array.Empty<string>()));
        table.On("pool.get_license_state", call =>
        {
            call.Target("pool");
            return Step.Of(Objects.StringMap.Of(("edition", "xcp-ng"), ("expiry", "never")));
        });
    }
}
