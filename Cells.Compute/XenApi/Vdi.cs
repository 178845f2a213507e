namespace Cells.Compute.XenApi;

/// <summary>XenAPI class VDI: a virtual disk. Bytes.</summary>
/// <param name="VirtualSize">VHD sizes are rounded up to 2 MiB, so it may exceed what was asked.</param>
/// <param name="Managed">False for the hidden base copies of a chain.</param>
public sealed record Vdi(
    Guid Uuid,
    string NameLabel,
    XenRef<Sr> Sr,
    long VirtualSize,
    long PhysicalUtilisation,
    bool Managed,
    bool IsASnapshot,
    IReadOnlyList<XenRef<Vbd>> Vbds,
    IReadOnlyDictionary<string, string> OtherConfig) : IXenRecord<Vdi>
{
    public static string ClassName => "VDI";

    public static Vdi Read(IXenFields f) => new(
        f.Uuid(), f.Text("name_label"), f.Ref<Sr>("SR"), f.Whole("virtual_size"), f.Whole("physical_utilisation"), f.Bool("managed"), f.Bool("is_a_snapshot"),
        f.Refs<Vbd>("VBDs"), f.Map("other_config"));

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Vdi>, Vdi>>> GetAllRecords() => Generated.Records<Vdi>(XenCalls.VdiGetAllRecords);

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Vdi>, Vdi>>> GetAllRecordsWhere(XenWhere where) =>
        Generated.Records<Vdi>(XenCalls.VdiGetAllRecordsWhere, where.Expression);

    public static XenRequest<Vdi> GetRecord(XenRef<Vdi> self) => Generated.Record(XenCalls.VdiGetRecord, self);

    /// <summary>Refused with UUID_INVALID when there is none.</summary>
    public static XenRequest<XenRef<Vdi>> GetByUuid(Guid uuid) => Generated.Ref<Vdi>(XenCalls.VdiGetByUuid, uuid.ToString("D"));

    public static XenRequest<XenRef<Vdi>> Create(NewVdi vdi) => Generated.Ref<Vdi>(XenCalls.VdiCreate, vdi.ToRecord());

    /// <summary>Quick where the SR can; the clone has the source's name and other_config (tags are copied with it), on the same SR.</summary>
    public static XenRequest<XenRef<Vdi>> CloneFrom(XenRef<Vdi> vdi) => Generated.Ref<Vdi>(XenCalls.VdiClone, vdi, XenMap.Empty);

    /// <summary>Quick, also of a disk in use; the snapshot has the source's name and other_config, cannot be written, and may be read out.</summary>
    public static XenRequest<XenRef<Vdi>> Snapshot(XenRef<Vdi> vdi) => Generated.Ref<Vdi>(XenCalls.VdiSnapshot, vdi, XenMap.Empty);

    /// <summary>Refused with VDI_IN_USE while attached, HANDLE_INVALID when it is gone.</summary>
    public static XenRequest<XenVoid> Destroy(XenRef<Vdi> self) => Generated.Void(XenCalls.VdiDestroy, self);

    /// <param name="size">Bytes; never smaller than now (SR_BACKEND_FAILURE_79).</param>
    public static XenRequest<XenVoid> Resize(XenRef<Vdi> vdi, long size) => Generated.Void(XenCalls.VdiResize, vdi, size);

    /// <summary>
    /// All blocks of a disk that is attached nowhere, into one that is there already, on whichever SR of the pool. Refused with VDI_TOO_SMALL. Once more is
    /// the same.
    /// </summary>
    public static XenRequest<XenRef<Vdi>> CopyInto(XenRef<Vdi> vdi, XenRef<Vdi> into) => Generated.Ref<Vdi>(XenCalls.VdiCopy, vdi, XenRef<Sr>.Null, XenRef<Vdi>.Null, into);

    public static XenRequest<XenVoid> SetNameLabel(XenRef<Vdi> self, string value) => Generated.Void(XenCalls.VdiSetNameLabel, self, value);

    public static XenRequest<XenVoid> AddToOtherConfig(XenRef<Vdi> self, string key, string value) =>
        Generated.Void(XenCalls.VdiAddToOtherConfig, self, key, value);

    /// <summary>Silent when the key is not there.</summary>
    public static XenRequest<XenVoid> RemoveFromOtherConfig(XenRef<Vdi> self, string key) => Generated.Void(XenCalls.VdiRemoveFromOtherConfig, self, key);

    /// <summary>Replaces the whole map in one call: the way to stamp an object atomically.</summary>
    public static XenRequest<XenVoid> SetOtherConfig(XenRef<Vdi> self, IReadOnlyDictionary<string, string> value) =>
        Generated.Void(XenCalls.VdiSetOtherConfig, self, value);
}

/// <param name="SizeBytes">At least 2 MiB are made; rounded up to 2 MiB on VHD storage.</param>
public sealed record NewVdi(string NameLabel, string Description, XenRef<Sr> Sr, long SizeBytes, IReadOnlyDictionary<string, string> OtherConfig)
{
    internal SortedDictionary<string, object> ToRecord() => new(StringComparer.Ordinal)
    {
        ["name_label"] = NameLabel,
        ["name_description"] = Description,
        ["SR"] = Sr,
        ["virtual_size"] = SizeBytes,
        ["type"] = "user",
        ["sharable"] = false,
        ["read_only"] = false,
        ["other_config"] = OtherConfig,
    };
}
