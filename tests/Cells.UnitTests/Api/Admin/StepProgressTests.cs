using Cells.Api.Admin;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Admin;

public sealed class StepProgressTests
{
    [TestCase("clone-disk 1/8", "clone-disk", false, 1, 8, 0)]
    [TestCase("seen-running 8/8", "seen-running", false, 8, 8, 87)]
    [TestCase("undo create-vm 4/8", "create-vm", true, 4, 8, 50)]
    public void A_steps_name_place_and_share_are_read(string text, string step, bool undoing, int number, int of, int percent)
    {
        Assert.That(StepProgress.Parse(text), Is.EqualTo(new StepProgress(step, undoing, number, of, percent)));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("clone-disk")]
    [TestCase("clone-disk 3")]
    [TestCase("clone-disk 9/8")]
    [TestCase("clone-disk 0/8")]
    [TestCase("clone disk 3/8")]
    [TestCase(" 3/8")]
    public void Another_form_is_no_progress(string? text) => Assert.That(StepProgress.Parse(text), Is.Null);
}
