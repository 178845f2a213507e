using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Devices;

internal static class NetworkMethods
{
    public static void Register(MethodTable table)
    {
        table.On("network.create", call =>
        {
            var record = call.Record(0);
            var values = record.ToValues();
            var bridge = PublishedModel.Class("network").Field("bridge").Index;
            if (values[bridge] is "") values[bridge] = NextBridge(call.Database);
            return Step.Of(call.Database.Create(PublishedModel.Class("network"), values).Ref);
        });
        table.On("network.destroy", call =>
        {
            var network = call.Target("network");
            if (network.Set("VIFs") is { Length: > 0 } vifs) throw new XapiFailure("NETWORK_CONTAINS_VIF", vifs);
            if (network.Set("PIFs") is { Length: > 0 } pifs) throw new XapiFailure("NETWORK_CONTAINS_PIF", pifs);
            call.Database.Delete(network);
            return Step.Void;
        });
    }

    private static string NextBridge(Database database)
    {
        var used = database.All("network").Select(n => n.Text("bridge")).ToHashSet(StringComparer.Ordinal);
        return Enumerable.Range(0, int.MaxValue).Select(i => $"xapi{i}").First(b => !used.Contains(b));
    }
}
