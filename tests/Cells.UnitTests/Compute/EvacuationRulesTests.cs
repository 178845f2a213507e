using Cells.Compute.Fencing;
using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
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
        Assert.That(without, Is.TypeOf<MoveAsked.Anew>(), "there is no VM to start");
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
