using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class EnvelopeTests
{
    private readonly SimDriver _sim = new();

    [Test]
    public void Version_1_answers_hold_result_error_and_id_in_this_order()
    {
        var id = _sim.SendText($$"""{"method":"pool.get_all","params":["{{_sim.Session}}"],"id":7}""");

        Assert.That(_sim.Answer(id)!.Text, Does.StartWith("{\"result\":[\"OpaqueRef:").And.EndsWith("],\"error\":null,\"id\":7}"));
        Assert.That(_sim.Answer(id)!.ContentType, Is.EqualTo("application/json"));
    }

    [Test]
    public void A_version_1_failure_is_an_array_of_code_and_parameters()
    {
        var id = _sim.SendText($$"""{"method":"VM.get_record","params":["{{_sim.Session}}","OpaqueRef:aaaa"],"id":"k1"}""");

        Assert.That(_sim.Answer(id)!.Text, Is.EqualTo("""{"result":null,"error":["HANDLE_INVALID","VM","OpaqueRef:aaaa"],"id":"k1"}"""));
    }

    [Test]
    public void A_version_2_failure_has_code_1_the_name_as_message_and_the_rest_as_data()
    {
        var id = _sim.SendText($$"""{"jsonrpc":"2.0","method":"VM.get_record","params":["{{_sim.Session}}","OpaqueRef:aaaa"],"id":3}""");

        Assert.That(_sim.Answer(id)!.Text,
            Is.EqualTo("""{"jsonrpc":"2.0","error":{"code":1,"message":"HANDLE_INVALID","data":["VM","OpaqueRef:aaaa"]},"id":3}"""));
    }

    [Test]
    public void A_void_result_is_an_empty_string()
    {
        var id = _sim.SendText($$"""{"jsonrpc":"2.0","method":"pool.sync_database","params":["{{_sim.Session}}"],"id":3}""");

        Assert.That(_sim.Answer(id)!.Text, Is.EqualTo("""{"jsonrpc":"2.0","result":"","id":3}"""));
    }

    [TestCase("not json")]
    [TestCase("[]")]
    [TestCase("""{"method":"system.isAlive","params":[]}""", Description = "no id: a notification")]
    [TestCase("""{"method":"system.isAlive","params":[],"id":null}""")]
    [TestCase("""{"method":"system.isAlive","params":[],"id":1.5}""")]
    [TestCase("""{"method":"system.isAlive","id":1}""")]
    [TestCase("""{"method":"system.isAlive","params":{},"id":1}""", Description = "version 1 takes only positional parameters")]
    [TestCase("""{"jsonrpc":"1.0","method":"system.isAlive","params":[],"id":1}""")]
    public void What_is_malformed_is_answered_500_in_HTML(string body)
    {
        var answer = _sim.Answer(_sim.SendText(body))!;

        Assert.That((answer.Status, answer.ContentType), Is.EqualTo((500, "text/html")));
    }

    [Test]
    public void A_body_above_300_KiB_is_refused()
    {
        var answer = _sim.Answer(_sim.SendText(new string(' ', 300 * 1024) + "{"))!;

        Assert.That(answer.Status, Is.EqualTo(413));
    }

    [Test]
    public void An_unknown_method_is_named_but_with_parameters_the_session_is_checked_first()
    {
        Assert.That(Assert.Throws<XenApiError>(() => _sim.Call("VM.dance"))!.Message, Is.EqualTo("MESSAGE_METHOD_UNKNOWN [VM.dance]"));
        Assert.That(Assert.Throws<XenApiError>(() => _sim.Call("VM.dance", "OpaqueRef:none"))!.Message, Is.EqualTo("SESSION_INVALID [OpaqueRef:none]"));
        Assert.That(_sim.Refused("VM.dance").Message, Is.EqualTo("MESSAGE_METHOD_UNKNOWN [VM.dance]"));
    }

    [Test]
    public void Wrong_parameter_counts_are_told_without_the_session()
    {
        Assert.That(_sim.Refused("VM.start", "OpaqueRef:x").Parameters, Is.EqualTo(new[] { "VM.start", "3", "1" }));
        Assert.That(_sim.Refused("VM.get_record", "OpaqueRef:x", "surplus").Parameters, Is.EqualTo(new[] { "VM.get_record", "1", "2" }));
        Assert.That(Assert.Throws<XenApiError>(() => _sim.Call("session.login_with_password", "root"))!.Parameters,
            Is.EqualTo(new[] { "session.login_with_password", "2", "1" }));
    }

    [Test]
    public void Calls_with_optional_parameters_ignore_surplus_ones()
    {
        var disk = _sim.Disk();

        Assert.That(_sim.Ref("VDI.snapshot", disk, new { }, "surplus"), Does.StartWith("OpaqueRef:"));
    }

    [Test]
    public void Integers_may_come_as_digits_but_strings_may_not_come_as_numbers()
    {
        var vm = _sim.Vm();

        _sim.Ask("VM.set_VCPUs_max", vm, "4");
        Assert.That(_sim.Ask("VM.get_VCPUs_max", vm).GetInt64(), Is.EqualTo(4));
        Assert.That(_sim.Refused("VM.set_name_label", vm, 5).Code, Is.EqualTo("INTERNAL_ERROR"));
    }

    [Test]
    public void Broken_text_in_a_parameter_is_an_invalid_value()
    {
        var vm = _sim.Vm();
        var id = _sim.SendText($$"""{"method":"VM.set_name_label","params":["{{_sim.Session}}","{{vm}}","\ud800"],"id":1}""");

        Assert.That(_sim.Answer(id)!.Text, Does.Contain("INVALID_VALUE").And.Contain("Invalid UTF-8 string in parameter"));
    }

    [Test]
    public void Methods_also_answer_to_an_underscore_but_Async_only_with_the_dot()
    {
        var vm = _sim.Vm();

        Assert.That(_sim.Ask("VM_get_power_state", vm).GetString(), Is.EqualTo("Halted"));
        Assert.That(_sim.Refused("Async.VM_start", vm, false, false).Code, Is.EqualTo("MESSAGE_METHOD_UNKNOWN"));
        Assert.That(_sim.Refused("Async.VM.get_power_state", vm).Code, Is.EqualTo("Fault"));
    }

    [Test]
    public void Whether_it_is_alive_needs_no_session()
    {
        Assert.That(_sim.Call("system.isAlive", "still there?").GetString(), Is.EqualTo("still there?"));
    }

    [Test]
    public void Every_listed_class_with_records_answers_them()
    {
        var listed = _sim.Call("system.listMethods").EnumerateArray().Select(m => m.GetString()!).ToList();

        Assert.That(listed, Does.Contain("VM.start_on"));
        foreach (var method in listed.Where(m => m.EndsWith(".get_all_records", StringComparison.Ordinal)))
            Assert.That(_sim.Ask(method).ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Object), method);
    }

    [Test]
    public void What_is_published_but_not_simulated_says_so()
    {
        Assert.That(_sim.Refused("pool.rotate_secret").Message, Is.EqualTo("NOT_IMPLEMENTED [pool.rotate_secret]"));
        Assert.That(_sim.Ask("host.get_all").GetArrayLength(), Is.EqualTo(1));
    }
}
