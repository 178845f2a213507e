using System.Text.Json;
using System.Text.Json.Nodes;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

/// <summary>Drives one simulated standalone host by hand: sends calls, moves the clock, keeps the answers.</summary>
internal sealed class SimDriver
{
    public static readonly DateTimeOffset Start = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Dictionary<long, SimAnswer> _answers = [];
    private long _id;

    public SimDriver(XenSimOptions? options = null, HostShape? shape = null, ulong seed = 7)
        : this(new XenSimCore(PoolShape.Standalone(shape ?? new HostShape { Name = "host-1" }, "secret"), options ?? new XenSimOptions(), seed, Start)) { }

    public SimDriver(XenSimCore core, string? session = null)
    {
        Core = core;
        At = core.Hosts[0].Name;
        Session = session ?? Login();
    }

    public XenSimCore Core { get; }

    /// <summary>The host that requests go to.</summary>
    public string At { get; set; }

    public DateTimeOffset Now { get; private set; } = Start;
    public string Session { get; set; }

    /// <summary>Sends a call as JSON-RPC 2.0 and expects its result at once.</summary>
    public JsonElement Call(string method, params object?[] args)
    {
        var answer = Answer(Send(method, args)) ?? throw new InvalidOperationException($"{method} has not been answered");
        return Result(answer);
    }

    /// <summary>A call with the session as its first parameter.</summary>
    public JsonElement Ask(string method, params object?[] args) => Call(method, [Session, .. args]);

    public string Ref(string method, params object?[] args) => Ask(method, args).GetString()!;

    public XenApiError Refused(string method, params object?[] args) =>
        Assert.Throws<XenApiError>(() => Ask(method, args)) ?? throw new InvalidOperationException();

    public long Send(string method, params object?[] args) =>
        SendText(JsonSerializer.Serialize(new { jsonrpc = "2.0", method, @params = args, id = _id + 1 }));

    public long SendText(string body)
    {
        Keep(Core.Handle(new SimCall(++_id, At, body), Now));
        return _id;
    }

    public SimAnswer? Answer(long id) => _answers.GetValueOrDefault(id);

    public static JsonElement Result(SimAnswer answer)
    {
        var root = JsonDocument.Parse(answer.Body).RootElement;
        if (root.TryGetProperty("result", out var result)) return result;
        var error = root.GetProperty("error");
        throw new XenApiError(error.GetProperty("message").GetString()!, [.. error.GetProperty("data").EnumerateArray().Select(d => d.GetString()!)]);
    }

    public void Pass(TimeSpan time)
    {
        Now += time;
        Keep(Core.Advance(Now));
    }

    public void Inject(SimFault fault) => Keep(Core.Inject(fault, Now));

    public SimAnswer Put(string target, byte[] bytes)
    {
        var id = ++_id;
        Keep(Core.Handle(new SimPutHead(id, At, target, bytes.Length), Now));
        if (_answers[id].Status != 200) return _answers[id];
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        Keep(Core.Handle(new SimPutBody(id, At, bytes.Length, digest, true), Now));
        return _answers[id];
    }

    public string Host() => Ask("host.get_all")[0].GetString()!;

    public string LocalSr() => Ask("pool.get_default_SR", Ask("pool.get_all")[0].GetString()).GetString()!;

    public string ManagementNetwork() => Ask("PIF.get_network", Ask("PIF.get_all")[0].GetString()).GetString()!;

    public string Disk(long size = 1L << 30, string name = "disk") => Ref("VDI.create", new JsonObject
    {
        ["name_label"] = name, ["SR"] = LocalSr(), ["virtual_size"] = size, ["type"] = "user", ["sharable"] = false, ["read_only"] = false, ["other_config"] = new JsonObject(),
    });

    public string Vm(string name = "vm", int vcpus = 1, long memory = 1L << 30, bool hvm = true) => Ref("VM.create", VmRecord(name, vcpus, memory, hvm));

    public string Vbd(string vm, string vdi, string device = "0") => Ref("VBD.create", new JsonObject
    {
        ["VM"] = vm, ["VDI"] = vdi, ["userdevice"] = device, ["bootable"] = true, ["mode"] = "RW", ["type"] = "Disk", ["empty"] = false,
        ["other_config"] = new JsonObject(), ["qos_algorithm_type"] = "", ["qos_algorithm_params"] = new JsonObject(),
    });

    public static JsonObject VmRecord(string name, int vcpus = 1, long memory = 1L << 30, bool hvm = true) => new()
    {
        ["name_label"] = name, ["name_description"] = "", ["user_version"] = "1", ["is_a_template"] = false, ["affinity"] = "",
        ["memory_static_max"] = memory, ["memory_dynamic_max"] = memory, ["memory_dynamic_min"] = memory, ["memory_static_min"] = 0,
        ["VCPUs_params"] = new JsonObject(), ["VCPUs_max"] = vcpus, ["VCPUs_at_startup"] = vcpus.ToString(),
        ["actions_after_shutdown"] = "destroy", ["actions_after_reboot"] = "restart", ["actions_after_crash"] = "destroy",
        ["PV_bootloader"] = "", ["PV_kernel"] = "", ["PV_ramdisk"] = "", ["PV_args"] = "", ["PV_bootloader_args"] = "", ["PV_legacy_args"] = "",
        ["HVM_boot_policy"] = hvm ? "BIOS order" : "", ["HVM_boot_params"] = new JsonObject { ["order"] = "dc" }, ["platform"] = new JsonObject(),
        ["PCI_bus"] = "", ["other_config"] = new JsonObject { ["cells"] = "stamp" }, ["recommendations"] = "",
    };

    /// <summary>A VM with a root disk and a NIC, started.</summary>
    public (string Vm, string Vdi) Boot(string name = "vm", int vcpus = 1, long memory = 1L << 30)
    {
        var (vm, vdi) = (Vm(name, vcpus, memory), Disk());
        Vbd(vm, vdi);
        Ask("VIF.create", new JsonObject
        {
            ["device"] = "0", ["network"] = ManagementNetwork(), ["VM"] = vm, ["MAC"] = "", ["MTU"] = 1500, ["other_config"] = new JsonObject(),
            ["qos_algorithm_type"] = "", ["qos_algorithm_params"] = new JsonObject(),
        });
        Ask("VM.start", vm, false, false);
        return (vm, vdi);
    }

    // A login may take its time too.
    public string Login()
    {
        var id = Send("session.login_with_password", "root", "secret", "1.0", "test");
        if (Answer(id) is null) Pass(TimeSpan.FromSeconds(1));
        return Result(Answer(id)!).GetString()!;
    }

    private void Keep(IReadOnlyList<SimAnswer> answers)
    {
        foreach (var answer in answers) _answers[answer.RequestId] = answer;   // an import is answered twice: head, then end
    }
}

internal sealed class XenApiError(string code, string[] parameters) : Exception($"{code} [{string.Join(", ", parameters)}]")
{
    public string Code { get; } = code;
    public string[] Parameters { get; } = parameters;
}
