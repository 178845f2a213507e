using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Dispatch;

/// <summary>An action follows the dispatch down, its answer comes back up, and what is open is durable in between.</summary>
public sealed class DispatchedActionsTests
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly CellName Here = CellName.Parse("here"), Up = CellName.Parse("up"), A = CellName.Parse("a"), B = CellName.Parse("b");
    private static readonly InstanceId Id = new(Guid.Parse("11111111-1111-4111-8111-111111111111"));
    private static readonly ProjectId Project = new(Guid.Empty);

    [Test]
    public void At_home_an_action_goes_to_the_child_that_holds_it_under_its_epoch_and_has_a_deadline()
    {
        var decision = Decide(Row(DispatchState.Placed, null, epoch: 3), new DispatchEvent.Act(Act(epoch: 0), null));

        var row = decision.Rows.Single();
        Assert.That(decision.Mail, Is.EqualTo(new[] { new Mail(A, Act(epoch: 3)) }));
        Assert.That(row.Acts, Is.EqualTo(new[] { Act(epoch: 3) }));
        Assert.That((row.Deadline, row.Generation), Is.EqualTo(((DateTimeOffset?)T0.AddMinutes(10), 4L)));
    }

    /// <summary>A hard reboot may be asked for while one is pending; nobody may fill a silent cell's rows with them.</summary>
    [Test]
    public void A_home_accepts_no_more_actions_of_one_server_than_may_be_open()
    {
        var open = Enumerable.Range(2, InstanceLifecycle.MostOpenActions).Select(n => Act() with { Intent = n }).ToList();
        var row = Row(DispatchState.Placed, null) with { Acts = open };

        var decision = Decide(row, new DispatchEvent.Act(Act() with { Intent = 100 }, null));

        Assert.That((decision.Refused, decision.Rows.Count, decision.Mail.Count), Is.EqualTo((Decision.NotHeld, 0, 0)));
    }

    [Test]
    public void A_routing_cell_passes_it_on_once_and_its_answer_up()
    {
        var passed = Decide(Row(DispatchState.Placed, Up), new DispatchEvent.Act(Act(), Up));
        var again = Decide(passed.Rows.Single(), new DispatchEvent.Act(Act(), Up));
        var answered = Decide(passed.Rows.Single(), new DispatchEvent.Acted(Acted(), A));
        var twice = Decide(answered.Rows.Single(), new DispatchEvent.Acted(Acted(), A));

        Assert.That(passed.Mail.Single().Link, Is.EqualTo(A));
        Assert.That(again, Is.EqualTo(Decision.Nothing));
        Assert.That((answered.Rows.Single().Acts.Count, answered.Mail.Single(), answered.Acted), Is.EqualTo((0, new Mail(Up, Acted()), (InstanceActed?)null)));
        Assert.That((twice.Rows.Count, twice.Mail.Single().Link), Is.EqualTo((0, Up)), "the parent may have lost it: it is told again, and nothing changes here");
    }

    [Test]
    public void At_home_the_answer_ends_in_the_log()
    {
        var row = Row(DispatchState.Placed, null) with { Acts = [Act()] };

        var decision = Decide(row, new DispatchEvent.Acted(Acted(), A));

        Assert.That((decision.Acted, decision.Mail.Count, decision.Rows.Single().Acts.Count), Is.EqualTo(((InstanceActed?)Acted(), 0, 0)));
    }

    [Test]
    public void An_action_on_what_nobody_below_holds_is_refused(
        [Values(DispatchState.Waiting, DispatchState.Refused, DispatchState.CancelledAsking, DispatchState.Deleted)] DispatchState state)
    {
        var atHome = Decide(Row(state, null), new DispatchEvent.Act(Act(), null));
        var routed = Decide(Row(state, Up), new DispatchEvent.Act(Act(), Up));

        Assert.That((atHome.Refused, atHome.Mail.Count, atHome.Rows.Count), Is.EqualTo((Decision.NotHeld, 0, 0)));
        Assert.That(((InstanceActed)routed.Mail.Single().Message).Outcome, Is.EqualTo(ActionOutcome.Refused));
    }

    [Test]
    public void Nobody_may_act_or_answer_for_another_s_instance()
    {
        Assert.That(Decide(Row(DispatchState.Placed, Up), new DispatchEvent.Act(Act(), B)).Refused, Is.EqualTo(Decision.Foreign));
        Assert.That(Decide(Row(DispatchState.Placed, Up), new DispatchEvent.Acted(Acted(), B)).Refused, Is.EqualTo(Decision.Foreign));
    }

    [Test]
    public void Open_actions_are_sent_again_in_their_order_when_the_link_began_anew()
    {
        var row = Row(DispatchState.Placed, null) with { Acts = [Act(), Act(intent: 3)] };

        var decision = Decide(row, new DispatchEvent.Reset(Id, A));

        Assert.That(decision.Mail, Is.EqualTo(new[] { new Mail(A, Act()), new Mail(A, Act(intent: 3)) }));
    }

    [Test]
    public void A_delete_outranks_what_is_open()
    {
        var row = Row(DispatchState.Placed, Up) with { Acts = [Act()] };

        var decision = Decide(row, new DispatchEvent.Delete(new DeleteInstance(Id, 1, 3, Project, "req-3"), Up));

        Assert.That((decision.Rows.Single().State, decision.Rows.Single().Acts.Count), Is.EqualTo((DispatchState.CancelledAsking, 0)));
    }

    [Test]
    public void An_action_past_its_deadline_shows_the_silence_until_its_intent_has_been_applied()
    {
        var row = Row(DispatchState.Placed, null) with { Acts = [Act()], Deadline = T0 };

        var silent = Decide(row, new DispatchEvent.Due(Id, 1, Observed(applied: 1))).Rows.Single();
        var over = Decide(row, new DispatchEvent.Due(Id, 1, Observed(applied: 2))).Rows.Single();

        Assert.That((silent.Silence?.Generation, over.Silence, over.Deadline), Is.EqualTo(((long?)5, (ViewSilence?)null, (DateTimeOffset?)null)));
    }

    private static ActOnInstance Act(long epoch = 1, long intent = 2) => new(Id, epoch, intent, Project, new UserId(Guid.Empty), $"req-{intent}", InstanceAction.Stop);

    private static InstanceActed Acted() => new(Id, 1, 2, ActionOutcome.Done, null, "h1", T0, T0);

    private static InstanceRow Observed(long applied) => new(
        Id, Project, 1, 5, A, null, null, VmState.Active, TaskState.None, PowerState.Running, applied, applied, false, null, null, T0, T0);

    private static DispatchRow Row(DispatchState state, CellName? parent, long epoch = 1) => new(
        Id, epoch, 1, parent, state, state == DispatchState.Waiting ? null : A, null, 0, null, [], [], null, null, null, null, T0, T0, Generation: 3);

    private static Decision Decide(DispatchRow row, DispatchEvent happened) => Dispatching.Decide(
        [row], happened,
        new DispatchScene(Here, (_, _) => throw new AssertionException("no child is chosen for an action"), T0, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10), false, _ => false));
}
