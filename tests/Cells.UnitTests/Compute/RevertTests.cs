using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>A revert asks first whether there is somebody to go back to.</summary>
public sealed class RevertTests
{
    private static readonly TargetRefs There = new(new XenRef<Cells.Compute.XenApi.Host>("there"), new XenRef<Sr>("there"), new SortedDictionary<string, XenRef<Network>>());

    /// <summary>Its pool fails the test at any call: a guest is not stopped for a host that is away.</summary>
    [TestCase("stop-there", true, true)]
    [TestCase("stop-there", false, false)]
    [TestCase("ask-origin", true, true)]
    [TestCase("ask-origin", false, false)]
    public async Task While_the_old_host_is_away_nothing_is_touched(string step, bool isDown, bool isShown)
    {
        var outcome = await RunStep.PerformAsync(Context(step, isDown, isShown), maybeDone: false, CancellationToken.None);

        Assert.That((outcome as StepOutcome.Refused)?.Code, Is.EqualTo("origin_away"));
        Assert.That(Steps.UndoAtOrBelow(WorkflowKind.RevertResize, StepOf(step), refused: true), Is.GreaterThanOrEqualTo(0));
    }

    [Test]
    public async Task While_it_is_there_the_revert_goes_on() =>
        Assert.That(await RunStep.PerformAsync(Context("ask-origin", isDown: false, isShown: true), maybeDone: false, CancellationToken.None), Is.TypeOf<StepOutcome.Done>());

    /// <summary>Up to the last step every one that changes something can be undone; rows of a former version stand at the same numbers.</summary>
    [Test]
    public void The_new_disk_is_destroyed_last() => Assert.That(
        Steps.RevertResize.Select(s => s.Name),
        Is.EqualTo(new[] { "stop-there", "swap-back", "shape-back", "ask-origin", "start-back", "seen-reverted", "destroy-new" }));

    /// <summary>A former version had destroyed the new disk by now: there is nothing to destroy, and nothing to be put back.</summary>
    [Test]
    public async Task A_revert_that_a_former_version_began_ends_without_touching_the_disk_that_is_left([Values(false, true)] bool undoing)
    {
        var context = Context(undoing ? "swap-back" : "destroy-new", isDown: true, isShown: false);
        var row = context.Row with { Disks = Rows.Active().Disks, Work = context.Row.Work! with { Undoing = undoing } };

        var outcome = await RunStep.PerformAsync(context with { Row = row }, maybeDone: false, CancellationToken.None);

        Assert.That(outcome, undoing ? Is.TypeOf<StepOutcome.Undone>() : Is.TypeOf<StepOutcome.Done>());
    }

    [Test]
    public void A_host_that_says_the_same_three_times_has_said_no_unless_an_answer_was_lost_or_others_are_at_work()
    {
        var said = new HostSaid();
        XenApiFailure away = new("VM.start_on", "HOST_OFFLINE", []), busy = new("VM.start_on", "OTHER_OPERATION_IN_PROGRESS", []), cancelled = new("VM.pool_migrate", "TASK_CANCELLED", []);
        void After(int times, XenApiFailure failure)
        {
            for (var i = 0; i < times; i++)
                said.Note(failure);
        }

        After(2, away);
        Assert.That(said.No, Is.Null);
        said.Forget();
        After(2, away);
        Assert.That(said.No, Is.Null, "counted anew after a lost answer");
        After(1, away);
        Assert.That(said.No, Is.SameAs(away));
        After(20, busy);
        Assert.That(said.No, Is.Null);
        After(1, cancelled);
        Assert.That(said.No, Is.SameAs(cancelled));
    }

    private static int StepOf(string name) => Steps.RevertResize.Select((step, index) => (step, index)).Single(s => s.step.Name == name).index;

    private static StepContext Context(string step, bool isDown, bool isShown) => new(
        Rows.Active() with
        {
            Disks = Rows.Active().Disks with { Former = Guid.Parse("77777777-7777-7777-7777-777777777777") },
            Origin = new SecondPlace(Rows.Place, Rows.Build().Flavor, HasDisk: true, VmState.Active),
            Work = new Work(WorkflowKind.RevertResize, StepOf(step), Undoing: false, Interrupted: null),
        },
        new PoolOwner(Rows.Place.Pool, 1), new SettleTests.CloningPool(), new XenRef<Cells.Compute.XenApi.Host>("host"), new XenRef<Sr>("sr"),
        new SortedDictionary<string, XenRef<Network>>(), new SettleTests.NoImages(), new Awaited(), Rows.Now, TimeSpan.FromSeconds(60))
    {
        SecondIsDown = isDown,
        Target = isShown ? There : null,
    };
}
