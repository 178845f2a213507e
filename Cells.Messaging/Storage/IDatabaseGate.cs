namespace Cells.Messaging.Storage;

/// <summary>
/// The seam through which every use of the database passes. Production runs the work at once; a stepped world registers it as one effect,
/// runs it to its end on the stepping thread when the seed draws it, and may fail it before the work ("before the commit") or after
/// ("answer lost").
/// </summary>
public interface IDatabaseGate
{
    Task<T> RunAsync<T>(DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop);
}

public enum DatabaseUse
{
    Read = 1,
    Commit = 2,
}

/// <summary>Production: no detour.</summary>
public sealed class OpenGate : IDatabaseGate
{
    public static readonly OpenGate Instance = new();

    public Task<T> RunAsync<T>(DatabaseUse use, string what, Func<CancellationToken, Task<T>> work, CancellationToken stop) => work(stop);
}
