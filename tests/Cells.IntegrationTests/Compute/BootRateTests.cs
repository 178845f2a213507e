using System.Diagnostics;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>How many servers a compute cell boots and deletes per second against simulated hosts without latency, over HTTP, durable. Run by hand.</summary>
public sealed class BootRateTests
{
    [Test, Explicit("a measurement, not a check")]
    public async Task Boots_and_deletes_per_second()
    {
        const int Hosts = 5;
        await using var world = await ComputeWorld.StartAsync(Hosts);
        await world.BuildAsync(world.NewBuild());
        var builds = Enumerable.Range(0, 200).Select(_ => world.NewBuild()).ToList();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(builds.Select(world.BuildAsync));
        var booted = watch.Elapsed;
        await Task.WhenAll(builds.Select(world.DeleteAsync));

        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        TestContext.Out.WriteLine(
            $"{Hosts} hosts: {builds.Count / booted.TotalSeconds:0.0} boots/s, {builds.Count / watch.Elapsed.TotalSeconds:0.0} boots and deletes/s, "
            + $"{used.TotalMilliseconds / builds.Count:0.0} ms CPU each in this process (simulator, parent and cell)");
    }
}
