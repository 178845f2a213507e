using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Cells.Chaos.Faults;
using Cells.Chaos.Invariants;
using Cells.Chaos.Tree;

namespace Cells.Chaos;

/// <summary>Runs seeds, one after the other, on the calling thread. Holds a private PostgreSQL of its own for all of them.</summary>
public sealed class ChaosRunner : IAsyncDisposable
{
    private readonly WorldDatabases _databases;
    private readonly TimeProvider _time;

    private ChaosRunner(WorldDatabases databases, TimeProvider time) => (_databases, _time) = (databases, time);

    /// <param name="time">The real clock, for PostgreSQL's start and for how long a seed takes; nothing of a seed depends on it.</param>
    public static async Task<ChaosRunner> StartAsync(TimeProvider time, CancellationToken stop) =>
        new(await WorldDatabases.StartAsync(time, stop), time);

    /// <summary>Runs many seeds, some at a time: a seed is one thread, and depends on no other seed.</summary>
    /// <param name="lanes">How many at a time; each has a PostgreSQL of its own.</param>
    /// <param name="ended">Told each seed as it ends, one at a time, in any order.</param>
    /// <returns>In the order of <paramref name="seeds"/>.</returns>
    public static async Task<ChaosReport> RunAllAsync(
        IReadOnlyList<int> seeds, ChaosOptions options, int lanes, TimeProvider time, Action<SeedReport> ended, CancellationToken stop)
    {
        var reports = new SeedReport?[seeds.Count];
        var (next, telling) = (-1, new Lock());
        using var starting = new SemaphoreSlim(1);           // lanes start one after the other: each removes what killed processes left
        await Task.WhenAll(Enumerable.Range(0, Math.Min(lanes, seeds.Count)).Select(_ => RunLaneAsync()));
        return new ChaosReport([.. reports.Select(report => report!)]);

        async Task RunLaneAsync()
        {
            await starting.WaitAsync(stop);
            ChaosRunner started;
            try
            {
                started = await StartAsync(time, stop);
            }
            finally
            {
                starting.Release();
            }
            await using var runner = started;
            for (var at = Interlocked.Increment(ref next); at < seeds.Count; at = Interlocked.Increment(ref next))
            {
                stop.ThrowIfCancellationRequested();
                var report = reports[at] = await runner.RunAsync(seeds[at], options);
                lock (telling)
                    ended(report);
            }
        }
    }

    /// <summary>A stepped world is one thread, and it blocks: so it has one of its own, not one of the pool that Npgsql needs meanwhile.</summary>
    public Task<SeedReport> RunAsync(int seed, ChaosOptions options) => Task.Factory.StartNew(
        () => Run(seed, options), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    [SuppressMessage("Design", "CA1031", Justification = "Whatever breaks a run is a finding of its seed.")]
    private SeedReport Run(int seed, ChaosOptions options)
    {
        var began = _time.GetTimestamp();
        using var world = new ChaosWorld(_databases, options, seed);
        try
        {
            world.Run();
        }
        catch (Exception error)
        {
            world.Violations.Add(new Violation("step", error.ToString()));
        }
        return new SeedReport(
            seed,
            [.. world.Violations.Select(violation => violation.ToString())],
            world.Stepper.Steps,
            world.Stepper.Time.Elapsed.TotalSeconds,
            _time.GetElapsedTime(began).TotalSeconds,
            world.Faults.Fired.ToDictionary(fired => fired.Key.Text(), fired => fired.Value),
            world.Log.Hash(),
            world.Violations.Count == 0 ? [] : [.. world.Log.Last]);
    }

    public ValueTask DisposeAsync() => _databases.DisposeAsync();
}

/// <summary>How one seed went.</summary>
/// <param name="Violations">What did not hold, in words for people; empty when all did.</param>
/// <param name="FaultsFired">While operations were in flight, by the fault's name.</param>
/// <param name="EventLogHash">Of everything that happened, in its order: the same in every run of the seed.</param>
/// <param name="LastSteps">The end of the event log; only with violations.</param>
public sealed record SeedReport(
    int Seed,
    IReadOnlyList<string> Violations,
    long Steps,
    double SimulatedSeconds,
    double WallSeconds,
    IReadOnlyDictionary<string, long> FaultsFired,
    string EventLogHash,
    IReadOnlyList<string> LastSteps);

/// <summary>Several seeds in one.</summary>
public sealed record ChaosReport(IReadOnlyList<SeedReport> Seeds)
{
    public SeedReport? FirstFailed => Seeds.FirstOrDefault(seed => seed.Violations.Count > 0);

    public int Violations => Seeds.Sum(seed => seed.Violations.Count);

    /// <summary>Of all names, in the order of names; those that never fired included.</summary>
    public IReadOnlyDictionary<string, long> FaultsFired => FaultNames.All
        .Select(name => name.Text())
        .Order(StringComparer.Ordinal)
        .ToDictionary(name => name, name => Seeds.Sum(seed => seed.FaultsFired.GetValueOrDefault(name)));

    /// <summary>In how many seeds each fault fired.</summary>
    public IReadOnlyDictionary<string, int> SeedsWithFault => FaultNames.All
        .Select(name => name.Text())
        .Order(StringComparer.Ordinal)
        .ToDictionary(name => name, name => Seeds.Count(seed => seed.FaultsFired.GetValueOrDefault(name) > 0));

    /// <summary>One seed's own hash; of several, the hash over theirs.</summary>
    public string EventLogHash => Seeds.Count == 1
        ? Seeds[0].EventLogHash
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(Seeds.Select(seed => seed.EventLogHash)))));
}
