namespace Cells.Compute.XenApi;

/// <summary>XenAPI class VBD: a disk in a VM.</summary>
public sealed record Vbd(
    Guid Uuid, XenRef<Vm> Vm, XenRef<Vdi> Vdi, string UserDevice, bool Bootable, bool Empty, bool CurrentlyAttached, IReadOnlyDictionary<string, string> OtherConfig)
    : IXenRecord<Vbd>
{
    public static string ClassName => "VBD";

    public static Vbd Read(IXenFields f) => new(
        f.Uuid(), f.Ref<Vm>("VM"), f.Ref<Vdi>("VDI"), f.Text("userdevice"), f.Bool("bootable"), f.Bool("empty"), f.Bool("currently_attached"), f.Map("other_config"));

    /// <summary>Makes the record only: the disk is plugged at the VM's start. Refused with DEVICE_ALREADY_EXISTS when the device is taken.</summary>
    public static XenRequest<XenRef<Vbd>> Create(NewVbd vbd) => Generated.Ref<Vbd>(XenCalls.VbdCreate, vbd.ToRecord());

    /// <summary>The record only, never the disk. Refused with OPERATION_NOT_ALLOWED while attached, HANDLE_INVALID when it is gone.</summary>
    public static XenRequest<XenVoid> Destroy(XenRef<Vbd> self) => Generated.Void(XenCalls.VbdDestroy, self);

    public static XenRequest<Vbd> GetRecord(XenRef<Vbd> self) => Generated.Record(XenCalls.VbdGetRecord, self);

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Vbd>, Vbd>>> GetAllRecordsWhere(XenWhere where) =>
        Generated.Records<Vbd>(XenCalls.VbdGetAllRecordsWhere, where.Expression);
}

/// <summary>A writable disk for a VM.</summary>
/// <param name="UserDevice">"0" to "254".</param>
public sealed record NewVbd(XenRef<Vm> Vm, XenRef<Vdi> Vdi, string UserDevice, bool Bootable, IReadOnlyDictionary<string, string> OtherConfig)
{
    internal SortedDictionary<string, object> ToRecord() => new(StringComparer.Ordinal)
    {
        ["VM"] = Vm,
        ["VDI"] = Vdi,
        ["userdevice"] = UserDevice,
        ["bootable"] = Bootable,
        ["mode"] = "RW",
        ["type"] = "Disk",
        ["empty"] = false,
        ["other_config"] = OtherConfig,
        ["qos_algorithm_type"] = "",
        ["qos_algorithm_params"] = XenMap.Empty,
    };
}
