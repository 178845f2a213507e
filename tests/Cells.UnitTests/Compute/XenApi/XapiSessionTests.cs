using Cells.Compute.XenApi;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.XenApi;

public sealed class XapiSessionTests
{
    private const string SessionText = "OpaqueRef:5e55";
    private const string VmUuid = "3b1c3f5e-7a43-4a0d-8f0f-1c3d2b1a0001";

    private readonly ScriptedWire _wire = new();

    private XapiSession Session => new(_wire, new XenRef<Session>(SessionText));

    [Test]
    public async Task A_call_is_sent_as_json_rpc_2_with_the_session_first()
    {
        _wire.Succeeds("\"\"");

        await Session.CallAsync(Vm.StartOn(new XenRef<Vm>("OpaqueRef:vm"), new XenRef<Cells.Compute.XenApi.Host>("OpaqueRef:host"), startPaused: true, force: false), CancellationToken.None);

        Assert.That(
            _wire.Sent.Single().GetRawText(),
            Is.EqualTo("""{"jsonrpc":"2.0","method":"VM.start_on","params":["OpaqueRef:5e55","OpaqueRef:vm","OpaqueRef:host",true,false],"id":1}"""));
    }

    [Test]
    public async Task A_login_takes_no_session_and_gives_one()
    {
        _wire.Succeeds("\"OpaqueRef:new\"");

        var session = await XenApiClient.LoginAsync(_wire, new XenCredentials("root", "secret"), "cells/1", CancellationToken.None);

        Assert.That(
            _wire.Sent.Single().GetRawText(),
            Is.EqualTo("""{"jsonrpc":"2.0","method":"session.login_with_password","params":["root","secret","1.1","cells/1"],"id":1}"""));
        Assert.That(session.Reference, Is.EqualTo(new XenRef<Session>("OpaqueRef:new")));
        Assert.That(session.ToString(), Does.Not.Contain("OpaqueRef"));
    }

    [Test]
    public async Task A_wait_is_always_sent_with_a_point_because_some_releases_refuse_integers()
    {
        _wire.Succeeds("""{"events":[],"valid_ref_counts":{},"token":"00000000000000000001,00000000000000000000"}""");

        await Session.CallAsync(XenEvents.From(["vm", "task"], "", TimeSpan.FromSeconds(5)), CancellationToken.None);

        Assert.That(_wire.Sent.Single().GetProperty("params").GetRawText(), Is.EqualTo("""["OpaqueRef:5e55",["vm","task"],"",5.0]"""));
    }

    [Test]
    public async Task A_record_ignores_members_it_does_not_know_and_misses_none_of_its_own()
    {
        _wire.Succeeds($$$"""
            {"uuid":"{{{VmUuid}}}","name_label":"web","power_state":"Running","VCPUs_max":"4","memory_dynamic_min":1073741824,
             "resident_on":"OpaqueRef:h","other_config":{"k":"v"},"invented_in_2031":{"deep":[1,2,{"x":null}]}}
            """);

        var vm = await Session.CallAsync(Vm.GetRecord(new XenRef<Vm>("OpaqueRef:vm")), CancellationToken.None);

        Assert.That(vm.Uuid, Is.EqualTo(Guid.Parse(VmUuid)));
        Assert.That(vm.PowerState, Is.EqualTo(VmPowerState.Running));
        Assert.That(vm.VcpusMax, Is.EqualTo(4));
        Assert.That(vm.MemoryDynamicMin, Is.EqualTo(1L << 30));
        Assert.That(vm.ResidentOn.Value, Is.EqualTo("OpaqueRef:h"));
        Assert.That(vm.ScheduledToBeResidentOn.IsNull);
        Assert.That(vm.Vbds, Is.Empty);
        Assert.That(vm.OtherConfig["k"], Is.EqualTo("v"));
    }

    [TestCase("OpaqueRef:NULL")]
    [TestCase("")]
    [TestCase("Ref:abc")]
    public void A_reference_of_any_null_form_is_null(string text) => Assert.That(new XenRef<Vm>(text).IsNull);

    [Test]
    public async Task A_power_state_of_a_newer_release_is_other([Values("Hibernated", "3")] string word)
    {
        _wire.Succeeds($$$"""{"uuid":"{{{VmUuid}}}","power_state":"{{{word}}}" }""");

        var vm = await Session.CallAsync(Vm.GetRecord(new XenRef<Vm>("OpaqueRef:vm")), CancellationToken.None);

        Assert.That(vm.PowerState, Is.EqualTo(VmPowerState.Other));
    }

    [Test]
    public void A_refusal_carries_code_and_parameters()
    {
        _wire.Refuses("VM_BAD_POWER_STATE", "OpaqueRef:vm", "halted", "running");

        var failure = Assert.ThrowsAsync<XenApiFailure>(() => Session.CallAsync(Vm.Destroy(new XenRef<Vm>("OpaqueRef:vm")), CancellationToken.None))!;

        Assert.That(failure.Code, Is.EqualTo("VM_BAD_POWER_STATE"));
        Assert.That(failure.Parameters, Is.EqualTo(new[] { "OpaqueRef:vm", "halted", "running" }));
        Assert.That(failure.Message, Is.EqualTo("VM.destroy was refused: VM_BAD_POWER_STATE [OpaqueRef:vm, halted, running]"));
        Assert.That(failure.Kind, Is.EqualTo(FailureKind.Refuse));
    }

    [Test]
    public void A_refusal_in_emergency_mode_is_a_plain_list_with_id_zero()
    {
        _wire.Answers("""{"jsonrpc":"2.0","error":["HOST_STILL_BOOTING"],"id":0}""");

        var failure = Assert.ThrowsAsync<XenApiFailure>(() => Session.CallAsync(Vm.GetAllRecords(), CancellationToken.None))!;

        Assert.That((failure.Code, failure.Kind), Is.EqualTo(("HOST_STILL_BOOTING", FailureKind.Retry)));
    }

    [Test]
    public void A_session_that_has_ended_is_not_named_in_its_failure()
    {
        _wire.Refuses("SESSION_INVALID", SessionText).Refuses("HANDLE_INVALID", "session", SessionText);

        var invalid = Assert.ThrowsAsync<XenApiFailure>(() => Session.CallAsync(Vm.GetAllRecords(), CancellationToken.None))!;
        var unknown = Assert.ThrowsAsync<XenApiFailure>(() => Session.CallAsync(Cells.Compute.XenApi.Session.GetTasks(new XenRef<Session>(SessionText)), CancellationToken.None))!;

        Assert.That(invalid.ToString() + unknown, Does.Not.Contain(SessionText));
        Assert.That(invalid.Kind, Is.EqualTo(FailureKind.Relogin));
    }

    [TestCase("""<html><body>HTTP 500</body></html>""")]
    [TestCase("")]
    [TestCase("[]")]
    [TestCase("42")]
    [TestCase("""{"jsonrpc":"2.0","id":{id}}""")]
    [TestCase("""{"jsonrpc":"2.0","result":"OpaqueRef:vdi","id":77}""")]
    [TestCase("""{"jsonrpc":"2.0","result":"OpaqueRef:vdi","id":"1"}""")]
    [TestCase("""{"jsonrpc":"2.0","result":17,"id":{id}}""")]
    [TestCase("""{"jsonrpc":"2.0","result":"\ud800","id":{id}}""")]
    [TestCase("""{"jsonrpc":"2.0","error":{},"id":{id}}""")]
    [TestCase("""{"jsonrpc":"2.0","error":[],"id":{id}}""")]
    [TestCase("""{"jsonrpc":"2.0","error":5,"id":{id}}""")]
    public void An_answer_that_is_not_understood_leaves_a_change_unknown_and_a_read_undone(string answer)
    {
        _wire.Answers(answer).Answers(answer);
        var disk = new XenRef<Vdi>("OpaqueRef:vdi");

        Assert.ThrowsAsync<XenApiUnknownOutcome>(() => Session.CallAsync(Vdi.CloneFrom(disk), CancellationToken.None));
        Assert.ThrowsAsync<XenApiUnreachable>(() => Session.CallAsync(Vdi.GetByUuid(Guid.Empty), CancellationToken.None));
    }

    [Test]
    public void An_answer_nested_too_deep_is_refused()
    {
        _wire.Succeeds(string.Concat(Enumerable.Repeat("[", 40)) + string.Concat(Enumerable.Repeat("]", 40)));

        var error = Assert.ThrowsAsync<XenApiUnreachable>(() => Session.CallAsync(Vm.GetAllRecords(), CancellationToken.None))!;

        Assert.That(error.Message, Does.Contain("32 levels"));
    }

    [Test]
    public void A_lost_answer_of_a_read_may_be_asked_again_and_one_of_a_change_is_unknown()
    {
        _wire.Fails(new XenApiUnknownOutcome("lost")).Fails(new XenApiUnknownOutcome("lost")).Fails(new XenApiUnreachable("no connection"));

        Assert.ThrowsAsync<XenApiUnreachable>(() => Session.CallAsync(Vm.GetAllRecords(), CancellationToken.None));
        Assert.ThrowsAsync<XenApiUnknownOutcome>(() => Session.CallAsync(Vm.Destroy(new XenRef<Vm>("OpaqueRef:vm")), CancellationToken.None));
        Assert.ThrowsAsync<XenApiUnreachable>(() => Session.CallAsync(Vm.Destroy(new XenRef<Vm>("OpaqueRef:vm")), CancellationToken.None));
    }

    [Test]
    public async Task Events_carry_typed_records_and_skip_what_we_do_not_read()
    {
        _wire.Succeeds($$$"""
            {"events":[
              {"id":"9","timestamp":"0.0","class":"VM","operation":"mod","ref":"OpaqueRef:vm","snapshot":{"power_state":"Paused","uuid":"{{{VmUuid}}}" } },
              {"id":"10","timestamp":"0.0","class":"console","operation":"add","ref":"OpaqueRef:c","snapshot":{"anything":1}},
              {"id":"11","timestamp":"0.0","class":"vdi","operation":"del","ref":"OpaqueRef:vdi"}],
             "valid_ref_counts":{"vm":2},"token":"t"}
            """);

        var batch = await Session.CallAsync(XenEvents.From(["*"], "", TimeSpan.FromSeconds(5)), CancellationToken.None);

        Assert.That(batch.Token, Is.EqualTo("t"));
        Assert.That(batch.ValidRefCounts["vm"], Is.EqualTo(2));
        Assert.That(batch.Events.Select(e => (e.Class, e.Operation, e.Ref)), Is.EqualTo(new[]
        {
            ("vm", XenOperation.Mod, "OpaqueRef:vm"), ("console", XenOperation.Add, "OpaqueRef:c"), ("vdi", XenOperation.Del, "OpaqueRef:vdi"),
        }));
        Assert.That(((Vm)batch.Events[0].Record!).PowerState, Is.EqualTo(VmPowerState.Paused));
        Assert.That(batch.Events[1].Record, Is.Null);
    }

    [Test]
    public async Task Only_calls_that_have_an_asynchronous_form_begin_as_tasks()
    {
        _wire.Succeeds("\"OpaqueRef:task\"");

        var task = await Session.StartTaskAsync(Vm.HardShutdown(new XenRef<Vm>("OpaqueRef:vm")), CancellationToken.None);

        Assert.That(task.Value, Is.EqualTo("OpaqueRef:task"));
        Assert.That(_wire.Sent.Single().GetProperty("method").GetString(), Is.EqualTo("Async.VM.hard_shutdown"));
        Assert.ThrowsAsync<ArgumentException>(() => Session.StartTaskAsync(Vm.GetAllRecords(), CancellationToken.None));
    }

    [Test]
    public async Task Any_answer_of_a_host_shows_that_it_is_alive_and_silence_does_not()
    {
        _wire.Succeeds("\"cells\"").Refuses("HOST_IS_SLAVE", "10.0.0.2").Fails(new XenApiUnreachable("no connection")).Fails(new XenApiUnknownOutcome("late"));

        var heard = new List<bool>();
        for (var i = 0; i < 4; i++)
            heard.Add(await XenApiClient.IsAliveAsync(_wire, CancellationToken.None));

        Assert.That(heard, Is.EqualTo(new[] { true, true, false, false }));
    }

    [Test]
    public void A_filter_cannot_hold_a_double_quote()
    {
        Assert.That(XenWhere.FieldIs("name__label", "a").And(XenWhere.FieldIs("resident_on", XenRef<Cells.Compute.XenApi.Host>.Null)).Expression,
            Is.EqualTo("field \"name__label\"=\"a\" and field \"resident_on\"=\"OpaqueRef:NULL\""));
        Assert.Throws<ArgumentException>(() => XenWhere.FieldIs("name__label", "a\" or true or \"b"));
    }
}
