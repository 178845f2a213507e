using Cells.Chaos;

namespace Cells.ChaosTests;

/// <summary>A hundred seeds of the stepped world, with faults. `cells chaos --seed N` replays any of them.</summary>
public sealed class SteppedSeedsTests
{
    private const int FirstSeed = 1;
    private const int Seeds = 100;

    // One seed in fifty is run twice; the two of the explicit test come on top.
    private const int TwiceEvery = 50;

    [Test]
    public async Task A_hundred_seeds_hold_every_invariant_and_every_fault_strikes_in_twenty_of_them()
    {
        var seeds = Enumerable.Range(FirstSeed, Seeds).ToList();

        var all = await SharedRunner.RunAllAsync([.. seeds, .. seeds.Where(seed => seed % TwiceEvery == 0)]);

        foreach (var report in all.Seeds)
            TestContext.Out.WriteLine($"seed {report.Seed}: {report.Steps} steps, {report.SimulatedSeconds:0} s in {report.WallSeconds:0.0} s, {report.EventLogHash[..16]}");
        if (all.FirstFailed is { } failed)
            Assert.Fail(Story(failed));
        foreach (var twice in all.Seeds.GroupBy(report => report.Seed))
            Assert.That(twice.Select(report => report.EventLogHash).Distinct().Count(), Is.EqualTo(1), $"seed {twice.Key} run twice");
        TestContext.Out.WriteLine($"seeds {FirstSeed} to {FirstSeed + Seeds - 1}; in how many each fault fired: {string.Join(", ", all.SeedsWithFault.Select(f => $"{f.Key} {f.Value}"))}");
        Assert.That(all.SeedsWithFault.Where(fault => fault.Value < 20), Is.Empty, "faults that fired in fewer than 20 seeds with operations in flight");
    }

    [Test]
    public async Task The_same_seed_gives_the_same_event_log_to_the_last_byte([Values(4, 1_000_003)] int seed)
    {
        var first = await SharedRunner.RunAsync(seed, new ChaosOptions());

        var second = await SharedRunner.RunAsync(seed, new ChaosOptions());

        Assert.That(second.EventLogHash, Is.EqualTo(first.EventLogHash));
        Assert.That(second.Steps, Is.EqualTo(first.Steps));
    }

    [Test]
    public async Task Other_seeds_give_other_event_logs()
    {
        var one = await SharedRunner.RunAsync(7, new ChaosOptions { Operations = 20 });

        var other = await SharedRunner.RunAsync(8, new ChaosOptions { Operations = 20 });

        Assert.That(other.EventLogHash, Is.Not.EqualTo(one.EventLogHash));
    }

    [Test]
    public async Task Without_faults_nothing_fires_and_every_invariant_holds()
    {
        var report = await SharedRunner.RunAsync(1, new ChaosOptions { Faults = false });

        Assert.That(report.Violations, Is.Empty, Story(report));
        Assert.That(report.FaultsFired, Is.Empty);
    }

    private static string Story(SeedReport report) =>
        $"seed {report.Seed} (replay: cells chaos --seed {report.Seed}): {string.Join(Environment.NewLine, report.Violations)}{Environment.NewLine}"
        + string.Join(Environment.NewLine, report.LastSteps.TakeLast(40));
}
