using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Wire;

namespace Cells.XenSim.Core.Storage;

internal static class VdiMethods
{
    // Fields of the constructor record that the repository decides for itself.
    private static readonly string[] OwnFields = ["SR", "virtual_size"];

    public static void Register(MethodTable table)
    {
        table.Works("VDI.create", Create);
        table.Works("VDI.clone", call => Derive(call, "clone", vdi => VhdStore.Clone(call.Pool, vdi, asSnapshot: false)));
        table.Works("VDI.snapshot", call => Derive(call, "snapshot", vdi => VhdStore.Clone(call.Pool, vdi, asSnapshot: true)));
        table.Works("VDI.copy", Copy);
        table.Works("VDI.resize", call => Change(call, "resize", vdi => VhdStore.Resize(call.Pool, vdi, call.Int(1))));
        table.Works("VDI.resize_online", call => Change(call, "resize_online", vdi => VhdStore.Resize(call.Pool, vdi, call.Int(1))));
        table.Works("VDI.destroy", call => Change(call, "destroy", vdi => VhdStore.Destroy(call.Pool, vdi)));
        table.Works("VDI.forget", call => Change(call, "forget", vdi => VhdStore.Destroy(call.Pool, vdi)));
        table.On("VDI.update", call => { call.Target("VDI"); return Step.Void; });
        table.PlainSetters("VDI", "name_label", "name_description", "sharable", "read_only", "allow_caching");
        table.On("VDI.set_on_boot", call =>
        {
            var vdi = call.Target("VDI");
            VdiGuard.Check(call.Database, vdi, "resize");
            vdi.Put("on_boot", call.Text(1));
            return Step.Void;
        });
    }

    private static Step Create(Call call)
    {
        var record = call.Record(0);
        var values = record.ToValues();
        var sr = call.Database.Get("SR", (string)record["SR"]!);
        SrMethods.Forward(call, sr);
        call.Hold(sr, "vdi_create");
        return call.Work(() => VhdStore.Create(call.Pool, sr, (long)record["virtual_size"]!, fields =>
        {
            foreach (var field in PublishedModel.Class("VDI").Fields)
                if (record.Has(field.Name) && !OwnFields.Contains(field.Name)) fields[field.Name] = values[field.Index]!;
        }).Ref);
    }

    private static Step Derive(Call call, string operation, Func<SimObject, SimObject> make)
    {
        var vdi = Checked(call, operation);
        call.Hold(vdi, operation);
        return call.Work(() => make(vdi).Ref);
    }

    private static Step Change(Call call, string operation, Action<SimObject> effect)
    {
        var vdi = Checked(call, operation);
        call.Hold(vdi, operation);
        return call.Work(() =>
        {
            effect(vdi);
            return null;
        });
    }

    private static Step Copy(Call call)
    {
        var vdi = Checked(call, "copy");
        var into = Refs.IsNull(call.Text(3)) ? null : call.Target("VDI", 3);
        var sr = into is not null ? null : call.Database.Get("SR", Refs.IsNull(call.Text(1)) ? vdi.Text("SR") : call.Text(1));
        if (sr is not null) SrMethods.Forward(call, sr);
        call.Hold(vdi, "copy");
        return call.Work(() =>
        {
            if (into is null) return VhdStore.Copy(call.Pool, vdi, sr!).Ref;
            VhdStore.CopyInto(call.Pool, vdi, into);
            return into.Ref;
        });
    }

    private static SimObject Checked(Call call, string operation)
    {
        var vdi = call.Target("VDI");
        VdiGuard.Check(call.Database, vdi, operation);
        if (operation != "forget") SrMethods.Forward(call, call.Database.Get("SR", vdi.Text("SR")));
        return vdi;
    }
}
