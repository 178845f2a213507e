using Cells.Compute.Fencing;
using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>When what ran on a lost host may be started elsewhere, and how: tables of values.</summary>
public sealed class EvacuationRulesTests
{
    private static readonly FenceProof Proof = new(Guid.Empty, Rows.Place.Host, FenceProof.Operator, "op", "off", Rows.Now);

    [TestCase(HostStatus.Up, true, nameof(EvacuationVerdict.No))]
    [TestCase(HostStatus.Maintenance, true, nameof(EvacuationVerdict.No))]
    [TestCase(HostStatus.Suspect, true, nameof(EvacuationVerdict.Wait))]
    [TestCase(null, true, nameof(EvacuationVerdict.Wait))]
    [TestCase(HostStatus.Down, true, nameof(EvacuationVerdict.Yes))]
    [TestCase(HostStatus.Up, false, nameof(EvacuationVerdict.No))]
    [TestCase(HostStatus.Suspect, false, nameof(EvacuationVerdict.No))]
    [TestCase(HostStatus.Down, false, nameof(EvacuationVerdict.No))]
    [TestCase(null, false, nameof(EvacuationVerdict.No))]
    public void A_host_must_be_silent_and_proved_to_run_nothing(HostStatus? health, bool isProved, string expected) =>
        Assert.That(MayEvacuate.Judge("host-1", health, isProved ? Proof : null).GetType().Name, Is.EqualTo(expected));

    [Test]
    public void From_a_disk_that_others_see_it_starts_there_and_otherwise_it_is_built_anew_anywhere_else()
    {
        var row = Evacuating(VmState.Stopped);

        var there = (MoveAsked.To)MoveOf.Of(row, diskIsShared: true);
        var anew = (MoveAsked.Anew)MoveOf.Of(row, diskIsShared: false);
        var without = MoveOf.Of(row with { Vm = null }, diskIsShared: true);

        Assert.That((there.State, there.HasDisk, there.Request.DiskBytes), Is.EqualTo((VmState.Stopped, false, 0L)));
        Assert.That((there.Request.Move!.Pool, there.Request.Move.NotHost, there.Request.Move.Disk), Is.EqualTo(((PoolId?)Rows.Place.Pool, (HostId?)Rows.Place.Host, (SrId?)Rows.Place.Sr)));
        Assert.That((anew.Request.Move!.Pool, anew.Request.Move.NotHost, anew.Request.Move.Disk), Is.EqualTo(((PoolId?)null, (HostId?)Rows.Place.Host, (SrId?)null)));
        Assert.That(anew.Request.DiskBytes, Is.GreaterThan(0));
        Assert.That(((MoveAsked.Anew)without).Request.Move!.NotHost, Is.Null, "there is no VM to start, and none that its host could still run");
    }

    [TestCase(null, false)]
    [TestCase(AdvanceWorkflow.ThenStop, true)]
    public void The_end_of_a_build_anew_is_the_actions_end_or_the_beginning_of_a_stop(string? note, bool stops)
    {
        var row = Evacuating(VmState.Active) with { Work = new Work(WorkflowKind.Build, Steps.Build.Count - 1, false, null, Note: note) };

        var after = AdvanceWorkflow.On(row, new StepOutcome.Done(), Rows.Cell, new ActionDeadlines(TimeSpan.FromMinutes(10), TimeSpan.FromHours(6)), Rows.Now);

        if (stops)
        {
            var next = ((Advance.Continue)after).Row;
            Assert.That((next.Work!.Workflow, next.Work.Step, next.Actions.Current!.Intent), Is.EqualTo((WorkflowKind.Stop, 0, 2L)));
        }
        else
        {
            var (next, answers) = ((Advance.Acted)after).Taken;
            Assert.That((next.VmState, next.PowerState, next.Work, next.AppliedIntent), Is.EqualTo((VmState.Active, PowerState.Running, (Work?)null, 2L)));
            Assert.That(answers.Select(a => (a.Intent, a.Outcome)), Is.EqualTo(new[] { (2L, ActionOutcome.Done) }));
        }
    }

    [TestCase(VmState.Active, VmState.Active, null)]
    [TestCase(VmState.Resized, VmState.Active, null)]
    [TestCase(VmState.Resized, VmState.Stopped, AdvanceWorkflow.ThenStop)]
    [TestCase(VmState.Stopped, VmState.Active, AdvanceWorkflow.ThenStop)]
    public void A_build_anew_holds_one_place_and_is_what_the_server_was(VmState state, VmState former, string? note)
    {
        var second = new SecondPlace(Rows.Place, Rows.Build().Flavor, HasDisk: true, former);
        var there = Rows.Place with { Host = new HostId(Guid.Parse("88888888-8888-8888-8888-888888888888")), HostName = "host-2" };

        var begun = BuildAnew.Begin(Evacuating(state) with { Origin = second, Destination = second }, there, Why, TimeSpan.FromMinutes(15), Rows.Now);

        Assert.That((begun.Place, begun.Origin, begun.Destination, begun.Vm, begun.Work!.Note), Is.EqualTo((there, (SecondPlace?)null, (SecondPlace?)null, (Guid?)null, note)));
    }

    [Test]
    public void A_server_that_was_moved_often_has_all_its_tries()
    {
        var moved = Evacuating(VmState.Active) with { Attempt = 7, Story = Story.Empty with { Refusals = [Refused(), Refused()] } };
        var undone = BuildAnew.Begin(moved, Rows.Place, Why, TimeSpan.FromMinutes(15), Rows.Now);
        var tries = 0;
        do
            undone = undone with { Story = undone.Story with { Refusals = [.. undone.Story.Refusals, Refused()] } };
        while (++tries < 10 && BuildAnew.MayTryAgain(undone, most: 3));

        Assert.That(tries, Is.EqualTo(3));
        Assert.That(BuildAnew.MayTryAgain(moved with { Story = Story.Empty with { Refusals = [Refused() with { Code = StepOutcome.ImageUnavailable }] } }, most: 3), Is.False);
    }

    private static Explanation Why => ChooseHost.Decide(Rows.Cell, new HostIndex(), ClaimOf.RequestOf(Rows.Build(), []), HostPolicy.Pack).Why;

    private static Refusal Refused() => new(Rows.Cell, "build_failed", "no", null);

    private static Instance Evacuating(VmState state)
    {
        var command = new ActOnInstance(Rows.Id, 1, 2, new ProjectId(Guid.Empty), new UserId(Guid.Empty), "req-2", InstanceAction.Evacuate);
        return Rows.Active() with
        {
            VmState = state,
            WorkingIntent = 2,
            Work = new Work(WorkflowKind.Evacuate, 0, false, null),
            Actions = Actions.None with { Current = command, BeganAt = Rows.Now },
        };
    }
}
