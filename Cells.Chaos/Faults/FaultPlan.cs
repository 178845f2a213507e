namespace Cells.Chaos.Faults;

/// <summary>
/// Which faults a seed has, and how often: each family is on or off by a coin, its rate drawn (swarm testing: a run with few families gets deeper
/// into each than one with all of them). Counts what fired while operations were under way.
/// </summary>
internal sealed class FaultPlan
{
    private readonly Random _random;
    private readonly Func<bool> _operationsInFlight;
    private readonly SortedDictionary<FaultName, double> _rates = [];
    private readonly SortedDictionary<FaultName, long> _fired = [];

    /// <param name="random">The plan's own: its draws shift nobody else's.</param>
    /// <param name="rates">What some have, whatever is drawn for them.</param>
    public FaultPlan(Random random, bool enabled, IReadOnlyDictionary<FaultName, double> rates, Func<bool> operationsInFlight)
    {
        (_random, _operationsInFlight) = (random, operationsInFlight);
        foreach (var name in FaultNames.All)
        {
            var (on, rate) = (_random.Next(2) == 0, _random.NextDouble());
            if (enabled && rates.TryGetValue(name, out var given))
                _rates[name] = given;
            else if (enabled && on)
                _rates[name] = MostOf(name) * (0.2 + (0.8 * rate));
        }
    }

    /// <summary>False once the world is to heal.</summary>
    public bool Active { get; set; } = true;

    public IReadOnlyDictionary<FaultName, long> Fired => _fired;

    public bool IsOn(FaultName name) => _rates.ContainsKey(name);

    /// <summary>The rate drawn for this seed; 0 when it is off.</summary>
    public double Rate(FaultName name) => _rates.GetValueOrDefault(name);

    /// <summary>Whether it happens now.</summary>
    public bool Fires(FaultName name)
    {
        if (!Draws(name))
            return false;
        Count(name);
        return true;
    }

    /// <summary>Whether it is to happen; whoever lets it happen later counts it then.</summary>
    public bool Draws(FaultName name) =>
        Active && _rates.TryGetValue(name, out var rate) && _random.NextDouble() < rate && _operationsInFlight();

    public void Count(FaultName name) => _fired[name] = _fired.GetValueOrDefault(name) + 1;

    /// <summary>Mostly a moment, sometimes long enough for a neighbour to be given up.</summary>
    public TimeSpan Delay() => TimeSpan.FromMilliseconds(_random.Next(10) < 9 ? _random.Next(5, 800) : _random.Next(800, 12_000));

    /// <summary>Per occasion: a frame, a commit, a call; for those that strike by themselves: per simulated second.</summary>
    private static double MostOf(FaultName name) => name switch
    {
        FaultName.Drop => 0.15,
        FaultName.Duplicate => 0.25,
        FaultName.Delay => 0.10,
        FaultName.Reorder => 0.25,
        FaultName.CrashRestart => 0.30,
        FaultName.CommitAnswerLost => 0.05,
        FaultName.CommitRefused => 0.04,
        FaultName.XapiAnswerLost => 0.03,
        FaultName.XapiSessionEnded => 0.30,
        FaultName.XapiStartRefused => 0.6,
        FaultName.ToolstackRestart => 0.20,
        FaultName.HostPowerLoss => 0.12,
        FaultName.GuestIgnores => 0.5,
        FaultName.CoordinatorChange => 0.10,
        FaultName.MemberCut => 0.12,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such fault"),
    };
}
