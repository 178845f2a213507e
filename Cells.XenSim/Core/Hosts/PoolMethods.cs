using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Hosts;

/// <summary>The pool's hand-written messages: changes of the coordinator, and members that leave. Its fields and other_config are generated. No HA.</summary>
internal static class PoolMethods
{
    public static void Register(MethodTable table)
    {
        table.On("pool.sync_database", _ => Step.Void);
        table.On("pool.designate_new_master", DesignateNewMaster);
        table.On("pool.emergency_transition_to_master", EmergencyTransition);
        table.On("pool.emergency_reset_master", call =>
        {
            call.Host.Follows = call.Pool.Hosts.FirstOrDefault(h => h.Shape.Address == call.Text(0))
                ?? throw XapiFailure.Internal($"no host of this pool has the address {call.Text(0)}");
            return Step.Void;
        });
        table.On("pool.recover_slaves", call => Step.Of(call.Pool.Members.Recover().Select(h => h.Record.Ref).ToArray()));
        table.On("pool.eject", Eject);
        table.On("pool.get_license_state", call =>
        {
            call.Target("pool");
            return Step.Of(StringMap.Of(("edition", "xcp-ng"), ("expiry", "never")));
        });
    }

    /// <summary>Planned: every member must agree. The call is answered, then the toolstacks change places.</summary>
    private static Step DesignateNewMaster(Call call)
    {
        CheckNoHa(call.Pool);
        if (call.Pool.HostOf(call.Target("host")) is not { } next || next == call.Pool.Coordinator) return Step.Void;
        foreach (var silent in call.Pool.Hosts.Where(h => !h.Answers)) throw XapiFailure.OutOfReach(call.Database, silent.Record);
        call.Pool.After(TimeSpan.Zero, () => call.Pool.Members.ChangeCoordinator(next, call.Pool.Hosts));
        return Step.Void;
    }

    /// <summary>At the member that shall coordinate. Nobody else is told: that is pool.recover_slaves.</summary>
    private static Step EmergencyTransition(Call call)
    {
        CheckNoHa(call.Pool);
        var next = call.Host;
        call.Pool.After(TimeSpan.Zero, () => call.Pool.Members.ChangeCoordinator(next, []));
        return Step.Void;
    }

    private static Step Eject(Call call)
    {
        var host = call.Target("host");
        if (host.Ref == call.Pool.Coordinator.Record.Ref) throw XapiFailure.NotAllowed("The coordinator cannot be ejected from its pool");
        if (host.Set("resident_VMs").Any(v => call.Database.Find("VM", v)?.Flag("is_control_domain") is false))
            throw new XapiFailure("HOST_HAS_RESIDENT_VMS", host.Ref);
        if (call.Pool.HostOf(host) is not { Answers: true } machine) throw XapiFailure.OutOfReach(call.Database, host);
        call.Pool.Members.Remove(machine);
        return Step.Void;
    }

    private static void CheckNoHa(SimPool pool)
    {
        if (pool.Record.Flag("ha_enabled")) throw new XapiFailure("HA_IS_ENABLED");
    }
}
