namespace Cells.Compute.XenApi;

/// <summary>XenAPI class SR. Bytes; the figures lag behind and are -1 before the first scan.</summary>
/// <param name="PhysicalUtilisation">Bytes really used.</param>
/// <param name="VirtualAllocation">Sum of the disks' virtual sizes.</param>
public sealed record Sr(
    Guid Uuid,
    string NameLabel,
    string Type,
    string ContentType,
    bool Shared,
    long PhysicalSize,
    long PhysicalUtilisation,
    long VirtualAllocation,
    IReadOnlyList<XenRef<Pbd>> Pbds,
    IReadOnlyDictionary<string, string> OtherConfig) : IXenRecord<Sr>
{
    public static string ClassName => "SR";

    public static Sr Read(IXenFields f) => new(
        f.Uuid(), f.Text("name_label"), f.Text("type"), f.Text("content_type"), f.Bool("shared"), f.Whole("physical_size"), f.Whole("physical_utilisation"),
        f.Whole("virtual_allocation"), f.Refs<Pbd>("PBDs"), f.Map("other_config"));

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Sr>, Sr>>> GetAllRecords() => Generated.Records<Sr>(XenCalls.SrGetAllRecords);

    public static XenRequest<XenVoid> Scan(XenRef<Sr> sr) => Generated.Void(XenCalls.SrScan, sr);
}

/// <summary>XenAPI class PBD: how one host reaches one SR.</summary>
public sealed record Pbd(Guid Uuid, XenRef<Host> Host, XenRef<Sr> Sr, bool CurrentlyAttached) : IXenRecord<Pbd>
{
    public static string ClassName => "PBD";

    public static Pbd Read(IXenFields f) => new(f.Uuid(), f.Ref<Host>("host"), f.Ref<Sr>("SR"), f.Bool("currently_attached"));

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Pbd>, Pbd>>> GetAllRecords() => Generated.Records<Pbd>(XenCalls.PbdGetAllRecords);
}
