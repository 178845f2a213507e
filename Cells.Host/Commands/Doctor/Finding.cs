namespace Cells.Host.Commands.Doctor;

/// <summary>One thing that was looked at, in a sentence; where something is wrong also what to do.</summary>
/// <param name="Check">What was looked at: door, clock, database, leases, cells, hosts, pools, links, parked, drift, tasks, directory, disk, keys.</param>
internal sealed record Finding(string Check, Level Level, string Text, string? Remedy)
{
    public static Finding Ok(string check, string text) => new(check, Level.Ok, text, null);
    public static Finding Warning(string check, string text, string remedy) => new(check, Level.Warning, text, remedy);
    public static Finding Wrong(string check, string text, string remedy) => new(check, Level.Error, text, remedy);
}

internal enum Level
{
    Ok = 1,

    /// <summary>It works, and a person should look at it.</summary>
    Warning = 2,

    /// <summary>Something does not work, or is not safe.</summary>
    Error = 3,
}
