using System.Text.Json;
using NUnit.Framework;

namespace Cells.UnitTests.XenSim;

public sealed class SimEventTests
{
    private static readonly TimeSpan Batch = TimeSpan.FromMilliseconds(50);
    private readonly SimDriver _sim = new();

    [Test]
    public void From_the_empty_token_every_watched_object_is_an_addition()
    {
        var answer = From("", "vm", "host");

        Assert.That(Summary(answer), Is.EquivalentTo(new[] { "add host", "add vm", "add vm" }), "host, control domain, template");
        Assert.That(answer.GetProperty("token").GetString(), Does.Match(@"^\d{20},\d{20}$"));
    }

    [Test]
    public void Changes_are_merged_into_one_modification_with_the_newest_snapshot()
    {
        var vm = _sim.Vm();
        var token = Token(From("", "vm"));
        _sim.Ask("VM.set_name_label", vm, "a");
        _sim.Ask("VM.set_name_label", vm, "b");

        var answer = From(token, "vm");

        Assert.That(Summary(answer), Is.EqualTo(new[] { "mod vm" }));
        Assert.That(answer.GetProperty("events")[0].GetProperty("snapshot").GetProperty("name_label").GetString(), Is.EqualTo("b"));
    }

    [Test]
    public void What_was_made_and_destroyed_between_two_calls_is_not_told()
    {
        var token = Token(From("", "vm"));
        var vm = _sim.Vm();
        _sim.Ask("VM.destroy", vm);
        var waiting = Wait(token, 1, "vm");

        _sim.Pass(TimeSpan.FromSeconds(1));

        Assert.That(Summary(SimDriver.Result(_sim.Answer(waiting)!)), Is.Empty);
    }

    [Test]
    public void Made_then_changed_is_one_addition_and_a_deletion_has_no_snapshot()
    {
        var old = _sim.Vm("old");
        var token = Token(From("", "vm"));
        var young = _sim.Vm("young");
        _sim.Ask("VM.set_name_label", young, "grown");
        _sim.Ask("VM.destroy", old);

        var answer = From(token, "vm");

        Assert.That(Summary(answer), Is.EqualTo(new[] { "add vm", "del vm" }));
        Assert.That(answer.GetProperty("events")[1].TryGetProperty("snapshot", out _), Is.False);
    }

    [Test]
    public void A_blocked_question_is_answered_when_something_it_watches_changes()
    {
        var vm = _sim.Vm();
        var token = Token(From("", "vm"));
        var waiting = Wait(token, 60, "vm");
        _sim.Pass(Batch);
        _sim.Ask("network.get_all");
        _sim.Disk();
        _sim.Pass(TimeSpan.FromSeconds(1));
        Assert.That(_sim.Answer(waiting), Is.Null, "a disk is not watched");

        _sim.Ask("VM.set_name_label", vm, "now");
        Assert.That(_sim.Answer(waiting), Is.Null, "the batching delay");
        _sim.Pass(Batch);

        Assert.That(Summary(SimDriver.Result(_sim.Answer(waiting)!)), Is.EqualTo(new[] { "mod vm" }));
    }

    [Test]
    public void At_its_time_out_a_question_gets_no_events_but_a_token()
    {
        var token = Token(From("", "vm"));
        var waiting = Wait(token, 5, "vm");

        _sim.Pass(TimeSpan.FromSeconds(4.9));
        Assert.That(_sim.Answer(waiting), Is.Null);
        _sim.Pass(TimeSpan.FromSeconds(0.1));

        var answer = SimDriver.Result(_sim.Answer(waiting)!);
        Assert.That(Summary(answer), Is.Empty);
        Assert.That(Token(answer), Is.EqualTo(token));
    }

    [Test]
    public void Questions_about_tasks_alone_are_answered_at_once()
    {
        var waiting = Wait("", 5, "task");

        _sim.Pass(TimeSpan.Zero);

        Assert.That(_sim.Answer(waiting), Is.Null, "there are no tasks yet");
        _sim.Ask("task.create", "t", "");
        _sim.Pass(Batch);
        Assert.That(Summary(SimDriver.Result(_sim.Answer(waiting)!)), Is.EqualTo(new[] { "add task" }));
    }

    [Test]
    public void Injecting_is_a_barrier_before_the_object_changes()
    {
        var pool = _sim.Ask("pool.get_all")[0].GetString()!;

        var token = _sim.Ref("event.inject", "pool", pool);

        Assert.That(Summary(From(token, "pool")), Is.EqualTo(new[] { "mod pool" }));
        Assert.That(_sim.Refused("event.inject", "pool", "OpaqueRef:no").Parameters, Is.EqualTo(new[] { "pool", "OpaqueRef:no" }));
    }

    [Test]
    public void Valid_reference_counts_cover_every_table_in_lower_case()
    {
        _sim.Disk();
        _sim.Ask("task.create", "t", "");

        var counts = From("", "pool").GetProperty("valid_ref_counts");

        Assert.That((counts.GetProperty("vdi").GetInt32(), counts.GetProperty("task").GetInt32(), counts.GetProperty("vm").GetInt32()), Is.EqualTo((1, 1, 2)));
    }

    [Test]
    public void Logging_out_ends_its_blocked_questions()
    {
        var other = _sim.Call("session.login_with_password", "root", "secret", "1.0", "test").GetString()!;
        var waiting = _sim.Send("event.from", other, new[] { "vm" }, Token(From("", "vm")), 60.0);

        _sim.Call("session.logout", other);

        Assert.That(Assert.Throws<XenApiError>(() => SimDriver.Result(_sim.Answer(waiting)!))!.Message, Is.EqualTo($"SESSION_INVALID [{other}]"));
    }

    [Test]
    public void Bad_tokens_and_subscriptions_are_refused_and_unknown_classes_match_nothing()
    {
        Assert.That(_sim.Refused("event.from", new[] { "vm" }, "yesterday", 1.0).Code, Is.EqualTo("EVENT_FROM_TOKEN_PARSE_FAILURE"));
        Assert.That(_sim.Refused("event.from", new[] { "vm/a/b" }, "", 1.0).Code, Is.EqualTo("EVENT_SUBSCRIPTION_PARSE_FAILURE"));
        var waiting = Wait("", 1, "unicorn");
        _sim.Pass(TimeSpan.FromSeconds(1));
        Assert.That(Summary(SimDriver.Result(_sim.Answer(waiting)!)), Is.Empty);
    }

    [Test]
    public void Sessions_make_no_events()
    {
        var token = Token(From("", "*"));
        _sim.Call("session.login_with_password", "root", "secret", "1.0", "test");
        var waiting = Wait(token, 1, "*");

        _sim.Pass(TimeSpan.FromSeconds(1));

        Assert.That(Summary(SimDriver.Result(_sim.Answer(waiting)!)), Is.Empty);
    }

    private long Wait(string token, double seconds, params string[] classes) => _sim.Send("event.from", _sim.Session, classes, token, seconds);

    private JsonElement From(string token, params string[] classes)
    {
        var asked = Wait(token, 60, classes);
        _sim.Pass(Batch);
        return SimDriver.Result(_sim.Answer(asked) ?? throw new InvalidOperationException("nothing had changed since the token"));
    }

    private static string Token(JsonElement answer) => answer.GetProperty("token").GetString()!;

    private static string[] Summary(JsonElement answer) =>
        [.. answer.GetProperty("events").EnumerateArray().Select(e => $"{e.GetProperty("operation").GetString()} {e.GetProperty("class").GetString()}")];
}
