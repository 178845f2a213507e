using Cells.Chaos;
using Cells.Chaos.Faults;

namespace Cells.ChaosTests;

/// <summary>The proof that the checkers can find something: bugs in the product's own path, planted by hooks that only tests reach.</summary>
public sealed class PlantedBugTests
{
    [Test]
    public Task A_dropped_epoch_check_is_found() => Found(PlantedBug.EpochCheckDropped, firstSeed: 1);

    [Test]
    public Task A_skipped_tombstone_is_found() => Found(PlantedBug.TombstoneSkipped, firstSeed: 1);

    [Test]
    public Task Acknowledging_before_the_commit_is_found() => Found(PlantedBug.AcknowledgeBeforeCommit, firstSeed: 19);

    /// <summary>A command comes twice only where a cell dies between its commit and its word to the link: that has to happen often.</summary>
    [Test]
    public Task An_action_that_is_repeated_is_found() => Found(PlantedBug.ActionsRepeated, firstSeed: 48, (FaultName.CrashRestart, 1.0));

    /// <summary>By the same hundred seeds that hold without the bug.</summary>
    /// <param name="firstSeed">Where the search begins, because it was found there before; it goes on around all of them.</param>
    /// <param name="rates">Faults that every one of them has, this often.</param>
    private static async Task Found(PlantedBug bug, int firstSeed, params (FaultName Fault, double Rate)[] rates)
    {
        foreach (var seed in Enumerable.Range(firstSeed, 101 - firstSeed).Concat(Enumerable.Range(1, firstSeed - 1)))
        {
            var report = await SharedRunner.RunAsync(seed, new ChaosOptions { Bug = bug, Rates = rates.ToDictionary(given => given.Fault, given => given.Rate) });
            TestContext.Progress.WriteLine($"{bug}, seed {seed}: {report.Violations.Count} violations in {report.WallSeconds:0.0} s");
            if (report.Violations.Count == 0)
                continue;
            TestContext.Out.WriteLine($"{bug} found by seed {seed}: {report.Violations[0]}");
            return;
        }
        Assert.Fail($"{bug} was not found by seeds 1 to 100.");
    }
}
