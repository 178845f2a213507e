using System.IO.Compression;
using System.Text;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts.Messages;

namespace Cells.Compute.Questions;

/// <summary>
/// What a guest wrote to its console. The XenAPI has no call for it: a dom0 keeps it in a file for each domain, and the plugin <c>console.py</c> that
/// OpenStack's XenAPI driver installs (os-xenapi, dom0 plugins) gives its end, base64 of zlib (ADR 0019).
/// </summary>
internal static class ReadConsole
{
    private const string Plugin = "console.py";

    public static async Task<InstanceTold> AsOfAsync(AnswerQuestion asked, Vm vm, IPoolCalls pool, CancellationToken stop)
    {
        if (vm.Domid <= 0)
            return asked.Not(ToldOutcome.NoConsole, $"VM {vm.Uuid} is {vm.PowerState} and has no domain.");
        try
        {
            var packed = await pool.CallAsync(
                Host.CallPlugin(vm.ResidentOn, Plugin, "get_console_log", new SortedDictionary<string, string>(StringComparer.Ordinal) { ["dom_id"] = $"{vm.Domid}" }), stop);
            return Unpack(packed) is { } text
                ? asked.Seen(console: LastOf(text, asked.Question.Lines))
                : asked.Not(ToldOutcome.NotSupported, $"The plugin {Plugin} of host {asked.Row.Place?.HostName} answered with something that is not a packed log.");
        }
        catch (XenApiFailure missing) when (missing.Code is "XENAPI_MISSING_PLUGIN" or "UNKNOWN_XENAPI_PLUGIN_FUNCTION")
        {
            return asked.Not(ToldOutcome.NotSupported,
                $"Host {asked.Row.Place?.HostName} has no plugin {Plugin}, which is what reads a guest's console log there. Its operator can install it.");
        }
        catch (XenApiFailure failed) when (failed.Code is "XENAPI_PLUGIN_FAILURE" or "XENAPI_PLUGIN_EXCEPTION")
        {
            return asked.Not(ToldOutcome.NoConsole, $"The plugin {Plugin} of host {asked.Row.Place?.HostName} found no log: {failed.Message}");
        }
    }

    /// <summary>Null when it is not base64 of zlib.</summary>
    internal static string? Unpack(string packed)
    {
        try
        {
            using var stream = new ZLibStream(new MemoryStream(Convert.FromBase64String(packed)), CompressionMode.Decompress);
            using var whole = new MemoryStream();
            var chunk = new byte[16 * 1024];
            // A plugin gives 100 KiB at most; what would become much more is not its answer.
            for (int read; (read = stream.Read(chunk)) > 0 && whole.Length < 16 * InstanceTold.MostConsoleChars;)
                whole.Write(chunk, 0, read);
            return Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length);
        }
        catch (Exception broken) when (broken is FormatException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Whole lines from the end: as many as asked, and no more than one message takes.</summary>
    /// <param name="lines">Null for all; 0 for none.</param>
    internal static string LastOf(string text, int? lines)
    {
        var end = text.EndsWith('\n') ? text.Length - 1 : text.Length;
        var from = text.Length;
        for (var taken = 0; from > 0 && (lines is null || taken < lines); taken++)
        {
            var start = end <= 0 ? 0 : text.LastIndexOf('\n', end - 1) + 1;
            if (text.Length - start > InstanceTold.MostConsoleChars)
                break;
            (from, end) = (start, start - 1);
        }
        // One line longer than a message takes: its end, in place of nothing.
        return from == text.Length && text.Length > 0 && lines is not 0 ? text[^Math.Min(text.Length, InstanceTold.MostConsoleChars)..] : text[from..];
    }
}
