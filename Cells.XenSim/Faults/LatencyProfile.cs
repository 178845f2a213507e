using System.Text.Json.Serialization;

namespace Cells.XenSim.Faults;

/// <summary>A distribution of durations.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "shape")]
[JsonDerivedType(typeof(Uniform), "uniform")]
[JsonDerivedType(typeof(LogNormal), "log-normal")]
public abstract record Latency
{
    internal abstract TimeSpan Draw(Random chance);

    /// <summary>Evenly between two bounds.</summary>
    public sealed record Uniform(TimeSpan From, TimeSpan To) : Latency
    {
        internal override TimeSpan Draw(Random chance) => From + ((To - From) * chance.NextDouble());
    }

    /// <summary>Mostly near the median with a long tail; <paramref name="Sigma"/> 0.5 puts one in forty above 2.7 medians.</summary>
    public sealed record LogNormal(TimeSpan Median, double Sigma) : Latency
    {
        // Box and Muller's transform; 1 - u keeps the logarithm away from zero.
        internal override TimeSpan Draw(Random chance) =>
            Median * Math.Exp(Sigma * Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble()));
    }
}

/// <summary>How long each method takes.</summary>
/// <param name="ByMethod">By wire name without "Async.", e.g. VM.start_on.</param>
/// <param name="Otherwise">For methods not named; null is instantly. Never applied to event.from.</param>
public sealed record LatencyProfile(IReadOnlyDictionary<string, Latency> ByMethod, Latency? Otherwise)
{
    public static readonly LatencyProfile Instant = new(new Dictionary<string, Latency>(), null);

    /// <summary>Working assumptions for an idle host; no medians are published.</summary>
    public static readonly LatencyProfile Realistic = new(new Dictionary<string, Latency>(StringComparer.Ordinal)
    {
        ["VM.create"] = Milliseconds(10, 50),
        ["VBD.create"] = Milliseconds(10, 50),
        ["VIF.create"] = Milliseconds(10, 50),
        ["VDI.create"] = Milliseconds(300, 1500),
        ["VDI.clone"] = Milliseconds(300, 1500),
        ["VDI.snapshot"] = Milliseconds(300, 1500),
        ["VDI.destroy"] = Milliseconds(300, 1500),
        ["VBD.plug"] = Milliseconds(500, 2000),
        ["VBD.unplug"] = Milliseconds(500, 2000),
        ["VM.start"] = Milliseconds(3000, 8000),
        ["VM.start_on"] = Milliseconds(3000, 8000),
        ["VM.hard_shutdown"] = Milliseconds(1000, 3000),
        ["VM.hard_reboot"] = Milliseconds(4000, 10_000),
        ["VM.clean_shutdown"] = new Latency.LogNormal(TimeSpan.FromSeconds(15), 0.5),
        ["VM.clean_reboot"] = new Latency.LogNormal(TimeSpan.FromSeconds(25), 0.5),
        ["VM.suspend"] = Milliseconds(5000, 20_000),
        ["VM.resume"] = Milliseconds(5000, 20_000),
    }, Milliseconds(1, 5));

    /// <summary>The same profile with one method changed.</summary>
    public LatencyProfile With(string method, Latency latency) =>
        this with { ByMethod = new Dictionary<string, Latency>(ByMethod, StringComparer.Ordinal) { [method] = latency } };

    internal TimeSpan Draw(string method, Random chance) =>
        (ByMethod.TryGetValue(method, out var latency) ? latency : Otherwise)?.Draw(chance) ?? TimeSpan.Zero;

    private static Latency.Uniform Milliseconds(double from, double to) => new(TimeSpan.FromMilliseconds(from), TimeSpan.FromMilliseconds(to));
}
