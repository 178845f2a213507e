using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Dispatch;

/// <summary>Questions go where commands go, and leave no row.</summary>
public sealed class DispatchedQuestionsTests
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly CellName Up = CellName.Parse("up"), Child = CellName.Parse("a"), Other = CellName.Parse("b");
    private static readonly InstanceId Id = new(Guid.Parse("11111111-1111-4111-8111-111111111111"));
    private static readonly Guid Q = Guid.Parse("22222222-2222-4222-8222-222222222222");
    private static readonly InstanceTold Answer = new(Id, 1, Q, ToldOutcome.Told, null, "login: ");

    private static readonly DispatchScene Scene = new(
        CellName.Parse("here"), (_, _) => throw new InvalidOperationException("a question chooses nobody"), T0, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1), false, _ => false);

    private static DispatchRow Row(DispatchState state, CellName? parent) =>
        new(Id, 1, 1, parent, state, Child, null, 0, null, [], [], null, null, null, null, T0, T0, 1);

    private static AskInstance Question(long epoch = 0) => new(Id, epoch, Q, InstanceQuestion.ConsoleLog);

    [TestCase(DispatchState.Asking)]
    [TestCase(DispatchState.Placed)]
    public void A_question_of_the_door_goes_to_the_child_that_holds_the_instance_with_its_epoch(DispatchState state)
    {
        var decided = Dispatching.Decide([Row(state, parent: null)], new DispatchEvent.Ask(Question(), null), Scene);

        Assert.That(decided.Mail, Is.EqualTo(new[] { new Mail(Child, Question(epoch: 1)) { Key = $"question {Q}" } }));
        Assert.That((decided.Rows.Count, decided.Refused), Is.EqualTo((0, (string?)null)));
    }

    [TestCase(DispatchState.Waiting)]
    [TestCase(DispatchState.Refused)]
    [TestCase(DispatchState.CancelledAsking)]
    [TestCase(DispatchState.Deleted)]
    public void What_nobody_below_holds_is_answered_at_once(DispatchState state)
    {
        var atHome = Dispatching.Decide([Row(state, null)], new DispatchEvent.Ask(Question(), null), Scene);
        var below = Dispatching.Decide([Row(state, Up)], new DispatchEvent.Ask(Question(1), Up), Scene);

        Assert.That((atHome.Refused, atHome.Mail.Count), Is.EqualTo((Decision.NotHeld, 0)));
        Assert.That(below.Mail.Single(), Has.Property("Link").EqualTo(Up).And.Property("Message").InstanceOf<InstanceTold>());
        Assert.That(((InstanceTold)below.Mail.Single().Message).Outcome, Is.EqualTo(ToldOutcome.NotReady));
    }

    [Test]
    public void An_answer_goes_up_and_at_the_home_to_who_asked()
    {
        var below = Dispatching.Decide([Row(DispatchState.Placed, Up)], new DispatchEvent.Told(Answer, Child), Scene);
        var atHome = Dispatching.Decide([Row(DispatchState.Placed, null)], new DispatchEvent.Told(Answer, Child), Scene);

        Assert.That(below.Mail, Is.EqualTo(new[] { new Mail(Up, Answer) { Key = $"question {Q}" } }));
        Assert.That((below.Told, atHome.Told, atHome.Mail.Count), Is.EqualTo(((InstanceTold?)null, Answer, 0)));
    }

    [Test]
    public void A_cell_that_does_not_hold_it_neither_asks_nor_answers()
    {
        Assert.That(Dispatching.Decide([Row(DispatchState.Placed, Up)], new DispatchEvent.Told(Answer, Other), Scene).Refused, Is.EqualTo(Decision.Foreign));
        Assert.That(Dispatching.Decide([], new DispatchEvent.Told(Answer, Child), Scene).Refused, Is.EqualTo(Decision.Foreign));
        Assert.That(Dispatching.Decide([Row(DispatchState.Placed, Up)], new DispatchEvent.Ask(Question(1), Other), Scene).Refused, Is.EqualTo(Decision.Foreign));
    }
}
