namespace Cells.Compute.XenApi;

/// <summary>XenAPI class host.</summary>
/// <param name="Address">An address only; scheme and port are the pool's.</param>
/// <param name="MemoryOverhead">Bytes the hypervisor itself takes.</param>
/// <param name="CpuInfo">Among others <c>cpu_count</c>, in digits.</param>
public sealed record Host(
    Guid Uuid,
    string NameLabel,
    string Hostname,
    string Address,
    bool Enabled,
    long MemoryOverhead,
    long ApiVersionMajor,
    long ApiVersionMinor,
    IReadOnlyDictionary<string, string> SoftwareVersion,
    IReadOnlyDictionary<string, string> CpuInfo,
    XenRef<HostMetrics> Metrics,
    IReadOnlyDictionary<string, string> OtherConfig) : IXenRecord<Host>
{
    public static string ClassName => "host";

    /// <summary>Physical CPUs (threads) as the hypervisor counts them; 0 when the host does not say.</summary>
    public int CpuCount => CpuInfo.TryGetValue("cpu_count", out var digits) && int.TryParse(digits, out var count) ? count : 0;

    public static Host Read(IXenFields f) => new(
        f.Uuid(), f.Text("name_label"), f.Text("hostname"), f.Text("address"), f.Bool("enabled"), f.Whole("memory_overhead"), f.Whole("API_version_major"),
        f.Whole("API_version_minor"), f.Map("software_version"), f.Map("cpu_info"), f.Ref<HostMetrics>("metrics"), f.Map("other_config"));

    /// <summary>It takes no new VMs; those that run go on. Twice is harmless.</summary>
    public static XenRequest<XenVoid> Disable(XenRef<Host> self) => Generated.Void(XenCalls.HostDisable, self);

    /// <summary>The contrary. Twice is harmless.</summary>
    public static XenRequest<XenVoid> Enable(XenRef<Host> self) => Generated.Void(XenCalls.HostEnable, self);

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<Host>, Host>>> GetAllRecords() => Generated.Records<Host>(XenCalls.HostGetAllRecords);

    /// <summary>Bytes: total less the host's own overhead and every resident or scheduled VM's dynamic minimum and overhead.</summary>
    public static XenRequest<long> ComputeFreeMemory(XenRef<Host> host) => new(XenCalls.HostComputeFreeMemory, [host], v => v.Whole());

    /// <summary>What the host's own clock says.</summary>
    public static XenRequest<string> GetServertime(XenRef<Host> host) => new(XenCalls.HostGetServertime, [host], v => v.Text());

    /// <summary>
    /// Calls a program that an operator put into the host's control domain. Refused with XENAPI_MISSING_PLUGIN when it is not there,
    /// XENAPI_PLUGIN_FAILURE [function, exception, text] when it failed. Ours read only: a lost answer is asked for again.
    /// </summary>
    public static XenRequest<string> CallPlugin(XenRef<Host> host, string plugin, string function, IReadOnlyDictionary<string, string> arguments) =>
        new(XenCalls.HostCallPlugin, [host, plugin, function, arguments], v => v.Text());
}

/// <summary>XenAPI class host_metrics. Bytes. <paramref name="Live"/> turns false only after 10 silent minutes.</summary>
public sealed record HostMetrics(Guid Uuid, long MemoryTotal, long MemoryFree, bool Live) : IXenRecord<HostMetrics>
{
    public static string ClassName => "host_metrics";

    public static HostMetrics Read(IXenFields f) => new(f.Uuid(), f.Whole("memory_total"), f.Whole("memory_free"), f.Bool("live"));

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<HostMetrics>, HostMetrics>>> GetAllRecords() =>
        Generated.Records<HostMetrics>(XenCalls.HostMetricsGetAllRecords);
}
