using Cells.Compute;
using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>Actions are taken in the order of their intents, each once, each judged when its turn comes.</summary>
public sealed class TakeActionTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);
    private static readonly ActionDeadlines Deadlines = new(Deadline, TimeSpan.FromHours(6));
    private static readonly PowerState[] Powers = [PowerState.Running, PowerState.Shutdown, PowerState.Paused, PowerState.Suspended];

    [Test]
    public void An_action_that_the_row_takes_begins_with_its_first_step()
    {
        var taken = Take(Rows.Active(), Act(InstanceAction.Stop));

        Assert.Multiple(() =>
        {
            Assert.That(taken.Answers, Is.Empty);
            Assert.That(taken.Row.Work, Is.EqualTo(new Work(WorkflowKind.Stop, 0, false, null)));
            Assert.That((taken.Row.TaskState, taken.Row.WorkingIntent, taken.Row.AppliedIntent, taken.Row.Generation, taken.Row.DeadlineAt),
                Is.EqualTo((TaskState.PoweringOff, 2L, 1L, 10L, (DateTimeOffset?)(Rows.Now + Deadline))));
            Assert.That(taken.Row.Actions.Current!.Intent, Is.EqualTo(2));
        });
    }

    [Test]
    public void A_guard_that_had_turned_stale_is_refused_answered_and_clears_the_task_state()
    {
        var stopped = Rows.Active() with { VmState = VmState.Stopped, PowerState = PowerState.Shutdown };

        var taken = Take(stopped, Act(InstanceAction.Stop));

        Assert.That((taken.Row.Work, taken.Row.TaskState, taken.Row.AppliedIntent), Is.EqualTo(((Work?)null, TaskState.None, 2L)));
        Assert.That((taken.Answers.Single().Outcome, taken.Answers.Single().Reason, taken.Row.Refusal),
            Is.EqualTo((ActionOutcome.Refused, $"Cannot 'stop' instance {Rows.Id} while it is in vm_state stopped", taken.Answers.Single().Reason)));
    }

    /// <summary>A home of a later version may send what this cell has never heard of: that must not end the placer.</summary>
    [Test]
    public void Whatever_a_cell_cannot_do_it_refuses_by_name([Values(InstanceAction.Lock, (InstanceAction)98, (InstanceAction)99)] InstanceAction action)
    {
        var taken = Take(Rows.Active(), Act(action));

        Assert.That((taken.Row.Work, taken.Row.TaskState, taken.Row.AppliedIntent), Is.EqualTo(((Work?)null, TaskState.None, 2L)));
        Assert.That(taken.Answers.Single().Outcome, Is.EqualTo(ActionOutcome.Refused));
        Assert.That(taken.Answers.Single().Reason, Does.Contain($"does not know the action '{action.RequestName()}'"));
    }

    [Test]
    public void What_comes_while_another_action_runs_waits_and_begins_with_its_end()
    {
        var rebooting = Take(Rows.Active(), Act(InstanceAction.RebootSoft)).Row;

        var waiting = Take(rebooting, Act(InstanceAction.RebootHard, 3));
        var next = TakeAction.End(waiting.Row, ActionOutcome.Done, null, PowerState.Running, Deadlines, Rows.Now);

        Assert.That((waiting.Row.Work, waiting.Answers.Count), Is.EqualTo((rebooting.Work, 0)));
        Assert.That(next.Answers.Select(a => (a.Intent, a.Outcome)), Is.EqualTo(new[] { (2L, ActionOutcome.Done) }));
        Assert.That((next.Row.Work!.Workflow, next.Row.WorkingIntent, next.Row.AppliedIntent, next.Row.Actions.Waiting.Count), Is.EqualTo((WorkflowKind.RebootHard, 3L, 2L, 0)));
    }

    [Test]
    public void A_command_that_comes_again_begins_nothing_and_is_answered_as_before()
    {
        var command = Act(InstanceAction.Pause);
        var pausing = Take(Rows.Active(), command).Row;
        var (paused, answers) = TakeAction.End(pausing, ActionOutcome.Done, null, PowerState.Paused, Deadlines, Rows.Now);

        Assert.That(TakeAction.Decide(pausing, command, ComputeHooks.None, Deadlines, Rows.Now), Is.InstanceOf<TakenAction.UnderWay>());
        Assert.That(((TakenAction.Say)TakeAction.Decide(paused, command, ComputeHooks.None, Deadlines, Rows.Now)).Answer, Is.EqualTo(answers.Single()));
        Assert.That((paused.VmState, paused.PowerState, paused.TaskState, paused.Work), Is.EqualTo((VmState.Paused, PowerState.Paused, TaskState.None, (Work?)null)));
    }

    [Test]
    public void Nothing_is_begun_for_an_instance_that_is_not_here_of_another_epoch_given_back_or_being_deleted()
    {
        var deleting = ((DeleteAnswer.Begin)AcceptDelete.Decide(Rows.Active(), Rows.Delete(intent: 2), Rows.Parent, Deadline, Rows.Now)).Row;
        foreach (var row in new[] { null, Rows.Active() with { Epoch = 2 }, Rows.Failed(), Rows.Deleted(), deleting })
        {
            var said = TakeAction.Decide(row, Act(InstanceAction.Stop, 3), ComputeHooks.None, Deadlines, Rows.Now);

            Assert.That((said as TakenAction.Say)?.Answer.Outcome, Is.EqualTo(ActionOutcome.Refused), $"{row}");
        }
    }

    [Test]
    public void A_delete_outranks_what_runs_and_what_waits_and_settles_the_interrupted_step()
    {
        var busy = Take(Take(Rows.Active(), Act(InstanceAction.RebootSoft)).Row, Act(InstanceAction.RebootHard, 3)).Row;
        busy = busy with { Work = busy.Work! with { Step = 2 } };

        var wished = ((DeleteAnswer.Begin)AcceptDelete.Decide(busy, Rows.Delete(intent: 4), Rows.Parent, Deadline, Rows.Now)).Row;

        Assert.That(wished.Work, Is.EqualTo(new Work(WorkflowKind.Delete, 0, false, 2, WorkflowKind.RebootSoft)));
        Assert.That((wished.Actions.Current, wished.Actions.Waiting.Count), Is.EqualTo(((ActOnInstance?)null, 0)));
    }

    [Test]
    public void An_administrator_s_word_stands_until_something_else_is_done()
    {
        var error = Take(Rows.Active(), Act(InstanceAction.ResetState) with { ResetTo = VmState.Error });

        Assert.That((error.Row.VmState, error.Row.Work, error.Answers.Single().Outcome), Is.EqualTo((VmState.Error, (Work?)null, ActionOutcome.Done)));
        Assert.That(error.Row.Fault, Does.Contain("administrator").And.Contain("req-2"));
        Assert.That(CorrectObserved.Shown(error.Row, PowerState.Running, Rows.Now), Is.Null);
        Assert.That(CorrectObserved.Shown(error.Row, PowerState.Shutdown, Rows.Now)!.VmState, Is.EqualTo(VmState.Error));
        Assert.That(Take(error.Row, Act(InstanceAction.ResetState, 3) with { ResetTo = VmState.Active }).Row.VmState, Is.EqualTo(VmState.Active));
    }

    /// <summary>An administrator's error lets actions through that the states before it would not: none of them may make the row forget a disk.</summary>
    [Test]
    public void What_has_a_second_disk_is_given_no_other_one(
        [Values(InstanceAction.Rebuild, InstanceAction.Rescue, InstanceAction.Resize, InstanceAction.Migrate)] InstanceAction action, [Values] bool rescued)
    {
        var disk = Guid.Parse("77777777-7777-7777-7777-777777777777");
        var two = rescued
            ? Rows.Active() with { Disks = Rows.Active().Disks with { Rescue = disk } }
            : Rows.Active() with { Disks = Rows.Active().Disks with { Former = disk }, Origin = new SecondPlace(Rows.Place, Rows.Build().Flavor, HasDisk: true, VmState.Active) };
        var command = Act(action) with { Image = Rows.Build().Image };

        Assert.That(ActionWorkflows.Impossible(command, two), Does.Contain(rescued ? "unrescue it first" : "confirm or revert"));
        Assert.That(ActionWorkflows.Impossible(command, Rows.Active()), Is.Null);
        var taken = Take(two, command);
        Assert.That((taken.Row.Work, taken.Row.Disks, taken.Answers.Single().Outcome), Is.EqualTo(((Work?)null, two.Disks, ActionOutcome.Refused)));
    }

    [Test]
    public void A_revert_that_is_undone_waits_again_to_be_confirmed_or_reverted_also_after_it_was_shown_as_an_error()
    {
        var resized = Rows.Active() with
        {
            VmState = VmState.Resized,
            Disks = Rows.Active().Disks with { Former = Guid.Parse("77777777-7777-7777-7777-777777777777") },
            Origin = new SecondPlace(Rows.Place, Rows.Build().Flavor, HasDisk: true, VmState.Active),
        };
        var late = AdvanceWorkflow.Late(Take(resized, Act(InstanceAction.RevertResize)).Row, Rows.Now + Deadline)!;

        var undone = new List<string>();
        var advance = Advanced(late with { Work = late.Work! with { Step = Steps.RevertResize.Count - 1 } }, new StepOutcome.Refused("UUID_INVALID", "no"));
        while (advance is Advance.Continue { Row: var next })
        {
            undone.Add(Steps.NameOf(next.Work!));
            advance = Advanced(next, new StepOutcome.Undone(undone.Count == 4 ? "it could not be started again: no room" : null));
        }

        var (row, answers) = ((Advance.Acted)advance).Taken;
        Assert.That(undone, Is.EqualTo(new[] { "start-back", "shape-back", "swap-back", "stop-there" }));
        Assert.That((row.VmState, row.Origin, row.Disks, row.Fault), Is.EqualTo((VmState.Resized, resized.Origin, resized.Disks, (string?)null)));
        Assert.That(answers.Single().Reason, Does.EndWith("; it could not be started again: no room"));
    }

    [Test]
    public void A_step_that_the_host_refuses_ends_the_action_with_the_reason_and_leaves_the_state_to_what_is_shown()
    {
        var suspending = Take(Rows.Active(), Act(InstanceAction.Suspend)).Row;

        var (row, answers) = ((Advance.Acted)Advanced(suspending, new StepOutcome.Refused("VM_LACKS_FEATURE", "the guest has no tools"))).Taken;

        Assert.That((row.VmState, row.TaskState, row.Work, row.Fault), Is.EqualTo((VmState.Active, TaskState.None, (Work?)null, (string?)null)));
        Assert.That((answers.Single().Outcome, answers.Single().Reason), Is.EqualTo((ActionOutcome.Failed, "Host host-1: step 'suspend' was refused: the guest has no tools")));
    }

    [Test]
    public void An_action_that_is_late_is_an_error_that_its_end_corrects()
    {
        var stopping = Take(Rows.Active(), Act(InstanceAction.Stop)).Row;

        var late = AdvanceWorkflow.Late(stopping, Rows.Now + Deadline)!;
        var going = ((Advance.Continue)Advanced(late, new StepOutcome.Done())).Row;
        var (stopped, _) = TakeAction.End(going, ActionOutcome.Done, null, PowerState.Shutdown, Deadlines, Rows.Now);

        Assert.That((late.VmState, late.TaskState), Is.EqualTo((VmState.Error, TaskState.None)));
        Assert.That(late.Fault, Does.Contain("the stop has not got past 'ask-shutdown'"));
        Assert.That((going.VmState, going.TaskState), Is.EqualTo((VmState.Error, TaskState.None)));
        Assert.That((stopped.VmState, stopped.Fault), Is.EqualTo((VmState.Stopped, (string?)null)));
    }

    [TestCase(InstanceAction.Stop, 10)]
    [TestCase(InstanceAction.LiveMigrate, 360)]
    [TestCase(InstanceAction.Rebuild, 360)]
    public void What_moves_bytes_may_take_hours_before_it_is_late(InstanceAction action, int minutes)
    {
        var begun = Take(Rows.Active(), action == InstanceAction.Rebuild ? Act(action) with { Image = Rows.Build().Image } : Act(action)).Row;

        Assert.That(begun.DeadlineAt, Is.EqualTo(Rows.Now.AddMinutes(minutes)));
    }

    [TestCase(VmState.Active)]
    [TestCase(VmState.Error)]
    public void An_action_that_was_late_and_is_refused_leaves_the_server_as_it_was(VmState before)
    {
        var late = AdvanceWorkflow.Late(Take(Rows.Active(), Act(InstanceAction.Suspend)).Row with { VmState = before }, Rows.Now + Deadline)!;

        var (row, _) = ((Advance.Acted)Advanced(late, new StepOutcome.Refused("VM_LACKS_FEATURE", "the guest has no tools"))).Taken;

        Assert.That(late.VmState, Is.EqualTo(VmState.Error));
        Assert.That((row.VmState, row.Fault is null, row.Actions.LateFrom), Is.EqualTo((before, before == VmState.Active, (VmState?)null)));
    }

    [Test]
    public void Whatever_comes_in_whatever_order_intents_end_once_each_and_in_their_order([NUnit.Framework.Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        InstanceAction[] actions =
        [
            InstanceAction.Start, InstanceAction.Stop, InstanceAction.RebootSoft, InstanceAction.RebootHard, InstanceAction.Pause, InstanceAction.Unpause,
            InstanceAction.Suspend, InstanceAction.Resume, InstanceAction.ResetState,
        ];
        var commands = Enumerable.Range(2, 12).Select(intent => Act(actions[random.Next(actions.Length)], intent)).ToList();
        var row = Rows.Active();
        var sent = 0;
        var ended = new List<long>();

        for (var step = 0; step < 400; step++)
        {
            if (random.Next(3) == 0)
            {
                // In order, as the link gives them; some come again.
                var command = sent < commands.Count && random.Next(2) == 0 ? commands[sent++] : sent == 0 ? null : commands[random.Next(sent)];
                if (command is not null && TakeAction.Decide(row, command, ComputeHooks.None, Deadlines, Rows.Now) is TakenAction.Take taken)
                    (row, ended) = (taken.Row, [.. ended, .. taken.Answers.Select(a => a.Intent)]);
            }
            else if (row.Work is not null)
            {
                StepOutcome outcome = random.Next(4) switch
                {
                    0 => new StepOutcome.Unknown("no answer"),
                    1 when random.Next(4) == 0 => new StepOutcome.Refused("NO", "no"),
                    _ => new StepOutcome.Done(Power: Powers[random.Next(Powers.Length)]),
                };
                switch (Advanced(row, outcome))
                {
                    case Advance.Continue(var next):
                        row = next;
                        break;
                    case Advance.Acted({ Row: var next, Answers: var answers }):
                        (row, ended) = (next, [.. ended, .. answers.Select(a => a.Intent)]);
                        break;
                }
            }
        }
        while (row.Work is not null)
            if (Advanced(row, new StepOutcome.Done(Power: PowerState.Running)) is Advance.Acted acted)
                (row, ended) = (acted.Taken.Row, [.. ended, .. acted.Taken.Answers.Select(a => a.Intent)]);
            else
                row = ((Advance.Continue)Advanced(row, new StepOutcome.Done())).Row;

        Assert.That(ended, Is.EqualTo(Enumerable.Range(2, sent).Select(i => (long)i)), $"seed {seed}");
        Assert.That((row.AppliedIntent, row.TaskState), Is.EqualTo((sent + 1L, TaskState.None)), $"seed {seed}");
    }

    private static ActOnInstance Act(InstanceAction action, long intent = 2) =>
        new(Rows.Id, 1, intent, new ProjectId(Guid.Empty), new UserId(Guid.Empty), $"req-{intent}", action);

    private static TakenAction.Take Take(Instance row, ActOnInstance command) => (TakenAction.Take)TakeAction.Decide(row, command, ComputeHooks.None, Deadlines, Rows.Now);

    private static Advance Advanced(Instance row, StepOutcome outcome) => AdvanceWorkflow.On(row, outcome, Rows.Cell, Deadlines, Rows.Now);
}
