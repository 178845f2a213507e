namespace Cells.Compute.XenApi;

/// <summary>XenAPI class pool; each coordinator shows exactly one.</summary>
public sealed record Pool(
    Guid Uuid, string NameLabel, XenRef<Host> Master, XenRef<Sr> DefaultSr, bool HaEnabled, IReadOnlyDictionary<string, string> OtherConfig) : IXenRecord<Pool>
{
    public static string ClassName => "pool";

    public static Pool Read(IXenFields f) =>
        new(f.Uuid(), f.Text("name_label"), f.Ref<Host>("master"), f.Ref<Sr>("default_SR"), f.Bool("ha_enabled"), f.Map("other_config"));

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Pool>, Pool>>> GetAllRecords() => Generated.Records<Pool>(XenCalls.PoolGetAllRecords);

    /// <summary>Refused with MAP_DUPLICATE_KEY when the key is there, whatever its value.</summary>
    public static XenRequest<XenVoid> AddToOtherConfig(XenRef<Pool> self, string key, string value) =>
        Generated.Void(XenCalls.PoolAddToOtherConfig, self, key, value);

    public static XenRequest<XenVoid> RemoveFromOtherConfig(XenRef<Pool> self, string key) => Generated.Void(XenCalls.PoolRemoveFromOtherConfig, self, key);
}
