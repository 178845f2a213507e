using Cells.Chaos;

namespace Cells.ChaosTests;

/// <summary>The proof that the checkers can find something: bugs in the product's own path, planted by hooks that only tests reach.</summary>
public sealed class PlantedBugTests
{
    [Test]
    public Task A_dropped_epoch_check_is_found() => Found(PlantedBug.EpochCheckDropped, withinSeeds: 100);

    [Test]
    public Task A_skipped_tombstone_is_found() => Found(PlantedBug.TombstoneSkipped, withinSeeds: 100);

    [Test]
    public Task Acknowledging_before_the_commit_is_found() => Found(PlantedBug.AcknowledgeBeforeCommit, withinSeeds: 100);

    [Test]
    public Task An_action_that_is_repeated_is_found() => Found(PlantedBug.ActionsRepeated, withinSeeds: 100);

    /// <summary>By the same seeds that hold without the bug.</summary>
    private static async Task Found(PlantedBug bug, int withinSeeds)
    {
        for (var seed = 1; seed <= withinSeeds; seed++)
        {
            var report = await SharedRunner.RunAsync(seed, new ChaosOptions { Bug = bug });
            TestContext.Progress.WriteLine($"{bug}, seed {seed}: {report.Violations.Count} violations in {report.WallSeconds:0.0} s");
            if (report.Violations.Count == 0)
                continue;
            TestContext.Out.WriteLine($"{bug} found by seed {seed}: {report.Violations[0]}");
            return;
        }
        Assert.Fail($"{bug} was not found by seeds 1 to {withinSeeds}.");
    }
}
