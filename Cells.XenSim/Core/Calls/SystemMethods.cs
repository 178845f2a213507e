using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Calls;

/// <summary>The two methods outside the data model that need no session.</summary>
internal static class SystemMethods
{
    public static void Register(MethodTable table)
    {
        table.Add("system.listMethods", new MessageDef("listMethods", XapiType.Parse("string set"), false, false, Lifecycle.Published, []),
            _ => Step.Of(MethodTable.Instance.ServedNames), works: false);
        table.Add("system.isAlive", new MessageDef("isAlive", XapiType.Parse("string"), false, false, Lifecycle.Published,
            [new ParamDef("echo", XapiType.Parse("string"), true, "")]), call => Step.Of(call.Text(0)), works: false);
    }
}
