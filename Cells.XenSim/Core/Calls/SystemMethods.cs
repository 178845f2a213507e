using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Calls;

/// <summary>Methods outside the published data model that every host has.</summary>
internal static class SystemMethods
{
    public static void Register(MethodTable table)
    {
        table.Add("system.listMethods", new MessageDef("listMethods", XapiType.Parse("string set"), false, false, Lifecycle.Published, []),
            _ => Step.Of(MethodTable.Instance.ServedNames), works: false);
        table.Add("system.isAlive", new MessageDef("isAlive", XapiType.Parse("string"), false, false, Lifecycle.Published,
            [new ParamDef("echo", XapiType.Parse("string"), true, "")]), call => Step.Of(call.Text(0)), works: false);
        table.Add("host.is_in_emergency_mode", new MessageDef("is_in_emergency_mode", XapiType.Parse("bool"), true, false, Lifecycle.Published, []),
            call => Step.Of(call.Pool.Members.IsInEmergency(call.Host)), works: false);
    }
}
