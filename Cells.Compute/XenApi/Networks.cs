namespace Cells.Compute.XenApi;

/// <summary>XenAPI class network.</summary>
public sealed record Network(
    Guid Uuid, string NameLabel, string Bridge, IReadOnlyList<XenRef<Pif>> Pifs, IReadOnlyDictionary<string, string> OtherConfig) : IXenRecord<Network>
{
    public static string ClassName => "network";

    public static Network Read(IXenFields f) => new(f.Uuid(), f.Text("name_label"), f.Text("bridge"), f.Refs<Pif>("PIFs"), f.Map("other_config"));

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Network>, Network>>> GetAllRecords() =>
        Generated.Records<Network>(XenCalls.NetworkGetAllRecords);
}

/// <summary>XenAPI class PIF: how one host reaches one network.</summary>
public sealed record Pif(
    Guid Uuid, string Device, XenRef<Network> Network, XenRef<Host> Host, bool Management, bool CurrentlyAttached, string Ip) : IXenRecord<Pif>
{
    public static string ClassName => "PIF";

    public static Pif Read(IXenFields f) => new(
        f.Uuid(), f.Text("device"), f.Ref<Network>("network"), f.Ref<Host>("host"), f.Bool("management"), f.Bool("currently_attached"), f.Text("IP"));

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Pif>, Pif>>> GetAllRecords() => Generated.Records<Pif>(XenCalls.PifGetAllRecords);
}

/// <summary>XenAPI class VIF.</summary>
public sealed record Vif(
    Guid Uuid, string Device, XenRef<Network> Network, XenRef<Vm> Vm, string Mac, bool CurrentlyAttached, IReadOnlyDictionary<string, string> OtherConfig)
    : IXenRecord<Vif>
{
    public static string ClassName => "VIF";

    public static Vif Read(IXenFields f) => new(
        f.Uuid(), f.Text("device"), f.Ref<Network>("network"), f.Ref<Vm>("VM"), f.Text("MAC"), f.Bool("currently_attached"), f.Map("other_config"));

    public static XenRequest<XenRef<Vif>> Create(NewVif vif) => Generated.Ref<Vif>(XenCalls.VifCreate, vif.ToRecord());

    public static XenRequest<Vif> GetRecord(XenRef<Vif> self) => Generated.Record(XenCalls.VifGetRecord, self);

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Vif>, Vif>>> GetAllRecordsWhere(XenWhere where) =>
        Generated.Records<Vif>(XenCalls.VifGetAllRecordsWhere, where.Expression);
}

/// <param name="Device">"0" to "15".</param>
/// <param name="Mac">Empty: the host makes one from the VM's mac_seed and the device.</param>
public sealed record NewVif(XenRef<Vm> Vm, XenRef<Network> Network, string Device, string Mac, IReadOnlyDictionary<string, string> OtherConfig)
{
    internal SortedDictionary<string, object> ToRecord() => new(StringComparer.Ordinal)
    {
        ["VM"] = Vm,
        ["network"] = Network,
        ["device"] = Device,
        ["MAC"] = Mac,
        ["MTU"] = 1500L,
        ["other_config"] = OtherConfig,
        ["qos_algorithm_type"] = "",
        ["qos_algorithm_params"] = XenMap.Empty,
    };
}
