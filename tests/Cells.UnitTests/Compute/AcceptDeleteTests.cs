using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>A delete is accepted in any state, and its wish stands in the row before anything is removed.</summary>
public sealed class AcceptDeleteTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    [Test]
    public void An_unknown_instance_leaves_a_tombstone_of_the_commands_epoch()
    {
        var answer = Decide(null, epoch: 3);

        Assert.That(answer, Is.InstanceOf<DeleteAnswer.Bury>());
        var (row, before) = (DeleteAnswer.Bury)answer;
        Assert.That((before, row.Epoch, row.IsDeleted, row.Command), Is.EqualTo(((Instance?)null, 3L, true, (Cells.Contracts.Messages.BuildInstance?)null)));
    }

    [Test]
    public void An_active_instance_begins_with_stopping_it()
    {
        var wished = ((DeleteAnswer.Begin)Decide(Rows.Active())).Row;

        Assert.That((wished.DeleteIntent, wished.WorkingIntent, wished.TaskState, wished.Generation), Is.EqualTo((2L, 2L, TaskState.Deleting, 10L)));
        Assert.That(wished.Work, Is.EqualTo(new Work(WorkflowKind.Delete, 1, false, null)));
    }

    [Test]
    public void A_build_under_way_is_told_first_to_settle_the_step_it_is_at([Range(0, 7)] int step)
    {
        var building = Rows.Building() with { Work = new Work(WorkflowKind.Build, step, false, null) };

        var wished = ((DeleteAnswer.Begin)Decide(building)).Row;

        Assert.That(wished.Work, Is.EqualTo(new Work(WorkflowKind.Delete, 0, false, step)));
        Assert.That(wished.DeadlineAt, Is.EqualTo(Rows.Now + Deadline));
    }

    [Test]
    public void A_second_delete_changes_nothing()
    {
        var wished = ((DeleteAnswer.Begin)Decide(Rows.Active())).Row;

        Assert.That(Decide(wished), Is.EqualTo(new DeleteAnswer.UnderWay(wished)));
        Assert.That(Decide(Rows.Deleted()), Is.EqualTo(new DeleteAnswer.AlreadyDone(Rows.Deleted())));
    }

    [Test]
    public void One_that_was_given_back_is_buried_where_it_stands_one_generation_on()
    {
        var answer = (DeleteAnswer.Bury)Decide(Rows.Failed());

        Assert.That((answer.Before!.Generation, answer.Row.Generation, answer.Row.IsDeleted), Is.EqualTo((1L, 2L, true)));
    }

    [Test]
    public void A_delete_of_a_higher_epoch_takes_everything_under_it()
    {
        var wished = ((DeleteAnswer.Begin)Decide(Rows.Active(), epoch: 4)).Row;

        Assert.That(wished.Epoch, Is.EqualTo(4));
    }

    private static DeleteAnswer Decide(Instance? row, long epoch = 1) => AcceptDelete.Decide(row, Rows.Delete(epoch), Rows.Parent, Deadline, Rows.Now);
}
