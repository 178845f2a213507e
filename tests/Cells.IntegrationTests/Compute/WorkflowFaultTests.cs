using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>
/// Whatever is interrupted, at whatever call of a build: the instance ends as asked, once, and nothing is left over. One world serves all cases, so each also
/// shows that the one before left it sound.
/// </summary>
public sealed class WorkflowFaultTests
{
    private static ComputeWorld s_world = null!;

    private static IEnumerable<TestCaseData> Points => CallPoint.OfBuild.Select(p => new TestCaseData(p).SetArgDisplayNames(p.ToString()));

    private static IEnumerable<TestCaseData> LostAnswers => CallPoint.OfBuild
        .Where(p => p.When == Moment.After && p.Method != "event.inject")
        .Select(p => new TestCaseData(p).SetArgDisplayNames(p.Method + (p.Nth > 1 ? $" no. {p.Nth}" : "")));

    private static IEnumerable<TestCaseData> DeletePoints => CallPoint.OfDelete.Select(p => new TestCaseData(p).SetArgDisplayNames(p.ToString()));

    /// <summary>A VM that was refused its start needs no stopping.</summary>
    private static IEnumerable<TestCaseData> UndoPoints => CallPoint.OfDelete
        .Where(p => p.Step != "stop-vm").Select(p => new TestCaseData(p).SetArgDisplayNames(p.ToString()));

    [OneTimeSetUp]
    public static async Task StartWorld() => s_world = await ComputeWorld.StartAsync(hosts: 1);

    [OneTimeTearDown]
    public static async Task StopWorld()
    {
        if (s_world is not null)
            await s_world.DisposeAsync();
    }

    [SetUp]
    public void NewImage() => s_world.NewImage();

    [Test]
    public void Every_step_of_a_build_has_its_points() =>
        Assert.That(CallPoint.OfBuild.Select(p => p.Step).Distinct(), Is.EqualTo(Steps.Build.Select(s => s.Name)));

    [TestCaseSource(nameof(Points))]
    public async Task A_cell_killed_at_any_call_finishes_the_build_after_its_restart(object point)
    {
        var build = s_world.NewBuild();
        var held = s_world.Wires.HoldAsync((CallPoint)point);
        var active = s_world.ParentCell.RowAsync(build.Instance, r => r.VmState == VmState.Active);
        await s_world.ParentCell.SendAsync(build);
        await held;

        await s_world.RestartCellAsync();
        await active;

        Assert.That(s_world.Held(build.Instance), Is.EqualTo((1, 1, 1)));
        await EndsCleanAsync(build);
    }

    [TestCaseSource(nameof(Points))]
    public async Task A_delete_at_any_call_of_a_build_leaves_nothing(object point)
    {
        var build = s_world.NewBuild();
        var held = s_world.Wires.HoldAsync((CallPoint)point);
        await s_world.ParentCell.SendAsync(build);
        await held;

        var accepted = s_world.ParentCell.RowAsync(build.Instance, r => r.TaskState == TaskState.Deleting);
        var deleted = s_world.ParentCell.AnswerAsync<InstanceDeleted>(build.Instance);
        await s_world.ParentCell.SendAsync(ComputeWorld.DeleteOf(build));
        await accepted;
        s_world.Wires.Release();
        await deleted;

        await NothingIsLeftAsync(build);
    }

    [TestCaseSource(nameof(DeletePoints))]
    public async Task A_cell_killed_at_any_call_of_a_delete_finishes_it_after_its_restart(object point)
    {
        var build = s_world.NewBuild();
        await s_world.BuildAsync(build);
        var held = s_world.Wires.HoldAsync((CallPoint)point);
        var deleted = s_world.ParentCell.AnswerAsync<InstanceDeleted>(build.Instance);
        await s_world.ParentCell.SendAsync(ComputeWorld.DeleteOf(build));
        await held;

        await s_world.RestartCellAsync();
        await deleted;

        await NothingIsLeftAsync(build);
    }

    [TestCaseSource(nameof(UndoPoints))]
    public async Task A_cell_killed_at_any_call_of_an_undo_finishes_it_after_its_restart(object point)
    {
        var build = s_world.NewBuild();
        s_world.Fleet.Inject(new SimFault.OnCall("VM.start_on", FaultKind.Fail, "VM_HVM_REQUIRED", []));
        var held = s_world.Wires.HoldAsync((CallPoint)point);
        var failed = s_world.ParentCell.AnswerAsync<PlacementFailed>(build.Instance);
        await s_world.ParentCell.SendAsync(build);
        await held;

        await s_world.RestartCellAsync();
        await failed;

        await NothingIsLeftAsync(build);
    }

    [TestCaseSource(nameof(LostAnswers))]
    public async Task An_answer_lost_after_its_effect_is_looked_for_and_nothing_is_made_twice(object point)
    {
        var lost = (CallPoint)point;
        var build = s_world.NewBuild();
        var lostBefore = s_world.Wires.Lost;
        s_world.Fleet.Inject(new SimFault.OnCall(lost.Method == "PUT" ? "PUT /import_raw_vdi" : lost.Method, FaultKind.LoseAnswer, Nth: lost.Nth));

        await s_world.BuildAsync(build);

        Assert.That(s_world.Wires.Lost - lostBefore, Is.EqualTo(1));
        Assert.That(s_world.Held(build.Instance), Is.EqualTo((1, 1, 1)));
        await EndsCleanAsync(build);
    }

    private static async Task EndsCleanAsync(BuildInstance build)
    {
        await s_world.DeleteAsync(build);
        await NothingIsLeftAsync(build);
    }

    private static async Task NothingIsLeftAsync(BuildInstance build)
    {
        Assert.That(s_world.Held(build.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(await s_world.PromisedAsync(), Is.EqualTo((0L, 0L)));
        Assert.That(s_world.Leftovers(), Is.Empty);
        Assert.That(s_world.Fleet.Account().Single().Sessions, Has.Count.LessThanOrEqualTo(2), "sessions of former lives are ended");
    }
}
