using System.Globalization;
using System.IO.Compression;
using System.Text;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Hosts;

/// <summary>
/// Programs in the control domain that <c>host.call_plugin</c> runs. None is part of a host; <c>console.py</c> answers as the one that OpenStack's
/// XenAPI driver installs (os-xenapi): <c>get_console_log {dom_id}</c> gives base64 of zlib of the last 100 KiB of the domain's log file.
/// </summary>
internal static class Plugins
{
    private const string Console = "console.py";
    private const int MostBytes = 102_400;

    /// <summary>Raised by the library that plugins are written with, not by xapi: so it is no published error.</summary>
    private const string UnknownFunction = "UNKNOWN_XENAPI_PLUGIN_FUNCTION";

    /// <exception cref="XapiFailure">XENAPI_MISSING_PLUGIN, UNKNOWN_XENAPI_PLUGIN_FUNCTION, or XENAPI_PLUGIN_FAILURE with what the plugin raised.</exception>
    public static string Call(SimPool pool, SimObject host, string plugin, string function, StringMap arguments)
    {
        if (plugin != Console || !pool.Options.OpenStackPlugins) throw new XapiFailure("XENAPI_MISSING_PLUGIN", plugin);
        if (function != "get_console_log") throw new XapiFailure(UnknownFunction, function);
        if (!arguments.Has("dom_id")) throw Raised(function, "PluginError", "Missing dom_id");
        if (!long.TryParse(arguments["dom_id"], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var domid))
            throw Raised(function, "PluginError", "Invalid dom_id");
        var vm = pool.Database.All("VM").FirstOrDefault(v => v.Int("domid") == domid && v.Text("resident_on") == host.Ref && !v.Flag("is_control_domain"))
            ?? throw Raised(function, "IOError", $"[Errno 2] No such file or directory: '/var/log/xen/guest/console.{domid}'");
        var log = Encoding.UTF8.GetBytes(ConsoleLog.Of(pool, vm));
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(log.AsSpan(Math.Max(0, log.Length - MostBytes)));
        return Convert.ToBase64String(packed.ToArray());
    }

    private static XapiFailure Raised(string function, string exception, string text) => new("XENAPI_PLUGIN_FAILURE", function, exception, text);
}

/// <summary>What a simulated guest has written to its console since its domain was built: the lines of a boot, made from its records.</summary>
internal static class ConsoleLog
{
    public static string Of(SimPool pool, SimObject vm)
    {
        var metrics = pool.Database.Get("VM_metrics", vm.Text("metrics"));
        var lines = new List<string>
        {
            $"[    0.000000] simulated guest {vm.Uuid} in domain {vm.Int("domid")}",
            $"[    0.000000] booted {metrics.Text("start_time")}",
            $"[    0.010000] memory: {vm.Int("memory_dynamic_max") >> 10}K",
            $"[    0.020000] smp: {vm.Int("VCPUs_at_startup")} CPUs",
        };
        foreach (var vbd in Vms.Domain.Devices(pool.Database, vm, "VBDs", "VBD").Where(v => v.Flag("currently_attached")).OrderBy(v => v.Text("device"), StringComparer.Ordinal))
            lines.Add($"[    0.030000] {vbd.Text("device")}: {pool.Database.Find("VDI", vbd.Text("VDI"))?.Int("virtual_size") ?? 0} bytes");
        foreach (var vif in Vms.Domain.Devices(pool.Database, vm, "VIFs", "VIF").OrderBy(v => v.Text("device"), StringComparer.Ordinal))
            lines.Add($"[    0.040000] eth{vif.Text("device")}: {vif.Text("MAC")}");
        lines.Add("login: ");
        return string.Join('\n', lines);
    }
}
