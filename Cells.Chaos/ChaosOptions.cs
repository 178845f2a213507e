namespace Cells.Chaos;

/// <summary>What a stepped run is made of, beside its seed. The same options and seed give the same run.</summary>
public sealed record ChaosOptions
{
    public int Operations { get; init; } = 200;

    /// <summary>Simulated hosts of each compute cell.</summary>
    public int HostsPerCell { get; init; } = 5;

    /// <summary>False: the same workload in a world where nothing fails.</summary>
    public bool Faults { get; init; } = true;

    /// <summary>Simulated time from the end of the faults until everything must have come to rest.</summary>
    public TimeSpan HealWithin { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Told every line of the event log, for the search of what makes two runs differ.</summary>
    public Action<string>? EventSink { get; init; }

    /// <summary>A bug in the product that a test plants to see it found. Nothing outside of tests can set it.</summary>
    internal PlantedBug Bug { get; init; }

    /// <summary>Faults that have this rate in every seed, whatever it draws: for a bug that shows only where they strike often.</summary>
    internal IReadOnlyDictionary<Faults.FaultName, double> Rates { get; init; } = new SortedDictionary<Faults.FaultName, double>();
}

/// <summary>The bugs that the checkers must find.</summary>
internal enum PlantedBug
{
    None = 0,

    /// <summary>A compute cell obeys and writes under an epoch that is over.</summary>
    EpochCheckDropped,

    /// <summary>A delete leaves no tombstone behind.</summary>
    TombstoneSkipped,

    /// <summary>A link acknowledges work before its effects are durable.</summary>
    AcknowledgeBeforeCommit,

    /// <summary>A compute cell carries out an action again whose command comes again.</summary>
    ActionsRepeated,
}
