using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>Where a workflow goes after each outcome.</summary>
public sealed class AdvanceWorkflowTests
{
    private static readonly Guid Vm = Guid.Parse("55555555-5555-5555-5555-555555555555");

    [Test]
    public void A_build_goes_through_every_step_in_order_and_ends_active()
    {
        var row = Rows.Building();
        var seen = new List<string> { Steps.NameOf(row.Work!) };

        while (Advanced(row, new StepOutcome.Done(Vm: Vm)) is Advance.Continue next)
            seen.Add(Steps.NameOf((row = next.Row).Work!));

        Assert.That(seen, Is.EqualTo(Steps.Build.Select(s => s.Name)));
        var settled = ((Advance.Settled)Advanced(row, new StepOutcome.Done())).Row;
        Assert.That((settled.VmState, settled.PowerState, settled.AppliedIntent, settled.Work, settled.Vm), Is.EqualTo((VmState.Active, PowerState.Running, 1L, (Work?)null, (Guid?)Vm)));
        Assert.That(settled.Generation, Is.EqualTo(Rows.Building().Generation + Steps.Build.Count));
    }

    [Test]
    public void Joined_steps_end_like_as_many_changes_in_one_change()
    {
        var disk = Guid.Parse("66666666-6666-6666-6666-666666666666");
        StepOutcome.Done[] done = [new(), new(Disks: new Disks(Root: disk)), new()];

        var oneByOne = done.Aggregate(Rows.Building(), (row, outcome) => ((Advance.Continue)Advanced(row, outcome)).Row);
        var joined = ((Advance.Continue)Advanced(done[..^1].Aggregate(Rows.Building(), AdvanceWorkflow.Pass), done[^1])).Row;

        Assert.That(joined, Is.EqualTo(oneByOne with { Generation = Rows.Building().Generation + 1 }));
        Assert.That((Steps.NameOf(joined.Work!), joined.Disks.Root), Is.EqualTo(("create-vm", (Guid?)disk)));
    }

    [Test]
    public void A_refusal_behind_joined_steps_names_and_undoes_the_step_that_was_refused()
    {
        var creating = Rows.Building() with { Work = new Work(WorkflowKind.Build, StepOf("create-vm"), false, null) };

        var refused = ((Advance.Continue)Advanced(AdvanceWorkflow.Pass(creating, new StepOutcome.Done(Vm: Vm)), new StepOutcome.Refused("SR_FULL", "no"))).Row;

        Assert.That(refused.Story.Refusals.Single().Reason, Does.Contain("'attach-disk'"));
        Assert.That((Steps.NameOf(refused.Work!), refused.Work!.Undoing, refused.Vm), Is.EqualTo(("create-vm", true, (Guid?)Vm)));
    }

    [TestCase("ensure-image", "ensure-image", true)]
    [TestCase("ensure-image", "clone-disk", true)]
    [TestCase("ensure-image", "create-vm", false)]
    [TestCase("create-vm", "attach-network", true)]
    [TestCase("create-vm", "start", false)]
    [TestCase("size-disk", "clone-disk", false)]
    public void A_row_may_be_at_the_step_it_names_or_one_joined_to_it(string from, string step, bool may) =>
        Assert.That(Steps.MayBeAt(WorkflowKind.Build, StepOf(from), StepOf(step)), Is.EqualTo(may));

    [Test]
    public void A_step_that_is_joined_leaves_its_undo_to_the_first_of_them_unless_nothing_was_made_before_it()
    {
        foreach (var index in Enumerable.Range(1, Steps.Build.Count - 1).Where(i => Steps.Build[i] is { Joined: true, Undo: not null }))
            Assert.That(Steps.UndoAtOrBelow(WorkflowKind.Build, index - 1, refused: false), Is.EqualTo(-1), $"'{Steps.Build[index].Name}' would be undone apart from what it is joined to");
    }

    private static int StepOf(string name) => Steps.Build.Select((step, index) => (step, index)).Single(s => s.step.Name == name).index;

    [Test]
    public void A_refused_step_is_undone_backwards_itself_included_and_steps_without_an_undo_are_passed([Range(0, 7)] int step)
    {
        var row = Rows.Building() with { Work = new Work(WorkflowKind.Build, step, false, null), Vm = Vm };
        var undone = new List<string>();

        var advance = Advanced(row, new StepOutcome.Refused("VM_HVM_REQUIRED", "no"));
        while (advance is Advance.Continue next)
        {
            undone.Add(Steps.NameOf(next.Row.Work!));
            advance = Advanced(next.Row, new StepOutcome.Undone());
        }

        Assert.That(undone, Is.EqualTo(Steps.Build.Take(step + 1).Reverse().Where(s => s.Undo is not null).Select(s => s.Name)));
        var end = ((Advance.Undone)advance).Row;
        Assert.That((end.Vm, end.Work, end.Story.Refusals.Single().Code), Is.EqualTo(((Guid?)null, (Work?)null, "build_failed")));
    }

    [Test]
    public void An_unknown_outcome_never_moves_a_row_nor_does_the_deadline_turn_it_into_a_no()
    {
        var row = Rows.Building();

        Assert.That(Advanced(row, new StepOutcome.Unknown("lost")), Is.EqualTo(Advance.Wait.Instance));
        var late = AdvanceWorkflow.Late(row, Rows.Now.AddHours(1))!;
        Assert.That((late.VmState, late.Work, late.Released, late.Fault), Is.EqualTo((VmState.Error, row.Work, false, late.Fault)));
        Assert.That(late.Fault, Does.Contain("host-1").And.Contain("ensure-image"));
        Assert.That(AdvanceWorkflow.Late(late, Rows.Now.AddHours(2)), Is.Null);

        var goesOn = ((Advance.Continue)Advanced(late, new StepOutcome.Done())).Row;
        Assert.That((goesOn.VmState, goesOn.Fault), Is.EqualTo((VmState.Building, (string?)null)));
    }

    [Test]
    public void A_delete_or_an_undo_that_is_refused_is_not_given_up()
    {
        var deleting = Rows.Active() with { Work = new Work(WorkflowKind.Delete, 2, false, null), DeleteIntent = 2 };
        var undoing = Rows.Building() with { Work = new Work(WorkflowKind.Build, 3, true, null) };

        Assert.That(Advanced(deleting, new StepOutcome.Refused("VDI_IN_USE", "no")), Is.EqualTo(Advance.Wait.Instance));
        Assert.That(Advanced(undoing, new StepOutcome.Refused("VDI_IN_USE", "no")), Is.EqualTo(Advance.Wait.Instance));
    }

    [Test]
    public void A_delete_ends_as_a_tombstone_that_applied_the_wish()
    {
        var row = Rows.Active() with { Work = new Work(WorkflowKind.Delete, 1, false, null), DeleteIntent = 2, WorkingIntent = 2 };

        var advance = Advanced(row, new StepOutcome.Done());
        while (advance is Advance.Continue next)
            advance = Advanced(next.Row, new StepOutcome.Done());

        var end = ((Advance.Deleted)advance).Row;
        Assert.That((end.IsDeleted, end.AppliedIntent, end.Place, end.Vm), Is.EqualTo((true, 2L, (Place?)null, (Guid?)null)));
    }

    [Test]
    public void Whatever_comes_generations_rise_by_one_and_what_was_given_back_stays_so([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        StepOutcome[] outcomes = [new StepOutcome.Done(), new StepOutcome.Undone(), new StepOutcome.Refused("X", "x"), new StepOutcome.Unknown("?")];
        var row = Rows.Building();
        for (var i = 0; i < 2_000; i++)
        {
            var next = Advanced(row, outcomes[random.Next(outcomes.Length)]) switch
            {
                Advance.Continue c => c.Row,
                Advance.Settled s => s.Row,
                Advance.Deleted d => d.Row,
                Advance.Undone u => u.Row,
                _ => row,
            };
            if (next != row)
                Assert.That(next.Generation, Is.EqualTo(row.Generation + 1), $"seed {seed}, turn {i}");
            Assert.That(row.Released && !next.Released, Is.False, $"seed {seed}, turn {i}");
            row = next.Work is null && !next.Released ? Wished(next) : next.Released ? Rows.Building() : next;
        }
    }

    private static Instance Wished(Instance row) =>
        ((DeleteAnswer.Begin)AcceptDelete.Decide(row with { Place = Rows.Place }, Rows.Delete(), Rows.Parent, TimeSpan.FromMinutes(10), Rows.Now)).Row;

    private static Advance Advanced(Instance row, StepOutcome outcome) => AdvanceWorkflow.On(row, outcome, Rows.Cell, new ActionDeadlines(TimeSpan.FromMinutes(10), TimeSpan.FromHours(6)), Rows.Now);
}
