using System.Diagnostics.CodeAnalysis;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.IntegrationTests.EndToEnd;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>
/// Whatever is interrupted, at whatever call of a build: the instance ends as asked, once, and nothing is left over. One world serves all cases of a fixture,
/// so each also shows that the one before left it sound.
/// </summary>
/// <typeparam name="TFixture">The fixture itself: each has a world of its own.</typeparam>
[SuppressMessage("Design", "CA1000", Justification = "One world for each fixture is what the type parameter is for.")]
public abstract class WorkflowFaults<TFixture>
{
    private protected static ComputeWorld World { get; private set; } = null!;

    private protected static IEnumerable<TestCaseData> Named(IEnumerable<CallPoint> points) => points.Select(p => new TestCaseData(p).SetArgDisplayNames(p.ToString()));

    [OneTimeSetUp]
    public static async Task StartWorld() => World = await ComputeWorld.StartAsync(hosts: 1);

    [OneTimeTearDown]
    public static async Task StopWorld()
    {
        if (World is not null)
            await World.DisposeAsync();
    }

    [SetUp]
    public void NewImage() => World.NewImage();

    private protected static async Task EndsCleanAsync(BuildInstance build)
    {
        await World.DeleteAsync(build);
        await NothingIsLeftAsync(build);
    }

    private protected static async Task NothingIsLeftAsync(BuildInstance build)
    {
        Assert.That(World.Held(build.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(await World.PromisedAsync(), Is.EqualTo((0L, 0L)));
        // A delete does not wait for an image that is on its way: that goes on, and ends as a source of clones.
        await Eventually.IsSoAsync("no image is on its way", TimeSpan.FromSeconds(30), () => !World.IsFetching);
        Assert.That(World.Leftovers(), Is.Empty);
        Assert.That(World.Fleet.Account().Single().Sessions, Has.Count.LessThanOrEqualTo(2), "sessions of former lives are ended");
    }
}

/// <summary>The cell dies during a build.</summary>
public sealed class BuildKilledTests : WorkflowFaults<BuildKilledTests>
{
    private static IEnumerable<TestCaseData> Points => Named(CallPoint.OfBuild);

    [Test]
    public void Every_step_of_a_build_has_its_points() =>
        Assert.That(CallPoint.OfBuild.Select(p => p.Step).Distinct(), Is.EqualTo(Steps.Build.Select(s => s.Name)));

    [TestCaseSource(nameof(Points))]
    public async Task A_cell_killed_at_any_call_finishes_the_build_after_its_restart(object point)
    {
        var build = World.NewBuild();
        var held = World.Wires.HoldAsync((CallPoint)point);
        var active = World.ParentCell.RowAsync(build.Instance, r => r.VmState == VmState.Active);
        await World.ParentCell.SendAsync(build);
        await held;

        await World.RestartCellAsync();
        await active;

        Assert.That(World.Held(build.Instance), Is.EqualTo((1, 1, 1)));
        await EndsCleanAsync(build);
    }
}

/// <summary>A delete comes during a build.</summary>
public sealed class BuildDeletedTests : WorkflowFaults<BuildDeletedTests>
{
    private static IEnumerable<TestCaseData> Points => Named(CallPoint.OfBuild);

    [TestCaseSource(nameof(Points))]
    public async Task A_delete_at_any_call_of_a_build_leaves_nothing(object point)
    {
        var build = World.NewBuild();
        var held = World.Wires.HoldAsync((CallPoint)point);
        await World.ParentCell.SendAsync(build);
        await held;

        var accepted = World.ParentCell.RowAsync(build.Instance, r => r.TaskState == TaskState.Deleting);
        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(build.Instance);
        await World.ParentCell.SendAsync(ComputeWorld.DeleteOf(build));
        await accepted;
        World.Wires.Release();
        await deleted;

        await NothingIsLeftAsync(build);
    }
}

/// <summary>The cell dies while it removes something.</summary>
public sealed class RemovalKilledTests : WorkflowFaults<RemovalKilledTests>
{
    private static IEnumerable<TestCaseData> DeletePoints => Named(CallPoint.OfDelete);

    /// <summary>A VM that was refused its start needs no stopping.</summary>
    private static IEnumerable<TestCaseData> UndoPoints => Named(CallPoint.OfDelete.Where(p => p.Step != "stop-vm"));

    [TestCaseSource(nameof(DeletePoints))]
    public async Task A_cell_killed_at_any_call_of_a_delete_finishes_it_after_its_restart(object point)
    {
        var build = World.NewBuild();
        await World.BuildAsync(build);
        var held = World.Wires.HoldAsync((CallPoint)point);
        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(build.Instance);
        await World.ParentCell.SendAsync(ComputeWorld.DeleteOf(build));
        await held;

        await World.RestartCellAsync();
        await deleted;

        await NothingIsLeftAsync(build);
    }

    [TestCaseSource(nameof(UndoPoints))]
    public async Task A_cell_killed_at_any_call_of_an_undo_finishes_it_after_its_restart(object point)
    {
        var build = World.NewBuild();
        World.Fleet.Inject(new SimFault.OnCall("VM.start_on", FaultKind.Fail, "VM_HVM_REQUIRED", []));
        var held = World.Wires.HoldAsync((CallPoint)point);
        var failed = World.ParentCell.AnswerAsync<PlacementFailed>(build.Instance);
        await World.ParentCell.SendAsync(build);
        await held;

        await World.RestartCellAsync();
        await failed;

        await NothingIsLeftAsync(build);
    }
}

/// <summary>The answer of a call is lost after its effect.</summary>
public sealed class LostAnswerTests : WorkflowFaults<LostAnswerTests>
{
    private static IEnumerable<TestCaseData> LostAnswers => CallPoint.OfBuild
        .Where(p => p.When == Moment.After && p.Method != "event.inject")
        .Select(p => new TestCaseData(p).SetArgDisplayNames(p.Method + (p.Nth > 1 ? $" no. {p.Nth}" : "")));

    [TestCaseSource(nameof(LostAnswers))]
    public async Task An_answer_lost_after_its_effect_is_looked_for_and_nothing_is_made_twice(object point)
    {
        var lost = (CallPoint)point;
        var build = World.NewBuild();
        var lostBefore = World.Wires.Lost;
        World.Fleet.Inject(new SimFault.OnCall(lost.Method == "PUT" ? "PUT /import_raw_vdi" : lost.Method, FaultKind.LoseAnswer, Nth: lost.Nth));

        await World.BuildAsync(build);

        Assert.That(World.Wires.Lost - lostBefore, Is.EqualTo(1));
        Assert.That(World.Held(build.Instance), Is.EqualTo((1, 1, 1)));
        await EndsCleanAsync(build);
    }
}
