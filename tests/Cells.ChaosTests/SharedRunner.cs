using Cells.Chaos;
using Cells.TestKit;

namespace Cells.ChaosTests;

/// <summary>The one runner of this assembly, with its PostgreSQL: made at first use.</summary>
[SetUpFixture]
public sealed class SharedRunner
{
    private static readonly Lazy<Task<ChaosRunner>> s_runner = new(() => ChaosRunner.StartAsync(TimeProvider.System, CancellationToken.None));

    public static async Task<SeedReport> RunAsync(int seed, ChaosOptions options)
    {
        TestCluster.RequirePostgres();
        return await (await s_runner.Value).RunAsync(seed, options);
    }

    /// <summary>As many at a time as there are processors.</summary>
    public static Task<ChaosReport> RunAllAsync(IReadOnlyList<int> seeds)
    {
        TestCluster.RequirePostgres();
        return ChaosRunner.RunAllAsync(
            seeds, new ChaosOptions(), Environment.ProcessorCount, TimeProvider.System,
            report => TestContext.Progress.WriteLine($"seed {report.Seed}: {report.Violations.Count} violations in {report.WallSeconds:0.0} s"), CancellationToken.None);
    }

    [OneTimeTearDown]
    public async Task Remove()
    {
        if (s_runner.IsValueCreated)
            await (await s_runner.Value).DisposeAsync();
    }
}
