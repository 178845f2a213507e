using Cells.Compute;
using Cells.Compute.Instances;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>What a build command means, whatever is known of the instance.</summary>
public sealed class AnswerBuildTests
{
    [Test]
    public void An_unknown_instance_is_placed() =>
        Assert.That(AnswerBuild.Decide(null, Rows.Build(), ComputeHooks.None), Is.EqualTo(BuildAnswer.Place));

    [Test]
    public void A_command_that_comes_again_is_answered_as_before()
    {
        Assert.That(AnswerBuild.Decide(Rows.Active(), Rows.Build(), ComputeHooks.None), Is.EqualTo(BuildAnswer.SayPlaced));
        Assert.That(AnswerBuild.Decide(Rows.Failed(), Rows.Build(), ComputeHooks.None), Is.EqualTo(BuildAnswer.SayFailed));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(7)]
    public void A_deleted_instance_is_never_built_again_whatever_the_epoch(long epoch) =>
        Assert.That(AnswerBuild.Decide(Rows.Deleted(), Rows.Build(epoch), ComputeHooks.None), Is.EqualTo(BuildAnswer.SayDeleted));

    [Test]
    public void A_lower_epoch_is_refused_and_a_higher_one_waits_for_the_cells_own_answer()
    {
        var row = Rows.Building(epoch: 5);

        Assert.That(AnswerBuild.Decide(row, Rows.Build(4), ComputeHooks.None), Is.EqualTo(BuildAnswer.RefuseOld));
        Assert.That(AnswerBuild.Decide(row, Rows.Build(6), ComputeHooks.None), Is.EqualTo(BuildAnswer.RefuseAlive));
        Assert.That(AnswerBuild.Decide(Rows.Failed(), Rows.Build(2), ComputeHooks.None), Is.EqualTo(BuildAnswer.Place));
    }

    [Test]
    public void The_planted_bugs_do_what_they_are_planted_for()
    {
        Assert.That(AnswerBuild.Decide(Rows.Deleted(), Rows.Build(), new ComputeHooks(SkipTombstone: true)), Is.EqualTo(BuildAnswer.Place));
        Assert.That(AnswerBuild.Decide(Rows.Building(5), Rows.Build(4), new ComputeHooks(DropEpochCheck: true)), Is.EqualTo(BuildAnswer.Place));
    }
}
