namespace Cells.Messaging.Storage.Leases;

/// <param name="Name">What the lease is for, such as <c>placer</c>.</param>
/// <param name="Holder">This process: new at each start.</param>
/// <param name="Directory">
/// <see cref="DirectoryLock.Id"/> of the data directory that this process has locked; a lease of a former process of that directory is then
/// taken at once. Null: none is.
/// </param>
public sealed record LeaseOptions(string Name, Guid Holder, Guid? Directory)
{
    /// <summary>A taker waits this long. The holder stops at half of it, so the other half covers the slowest effect under way.</summary>
    public TimeSpan Term { get; init; } = TimeSpan.FromSeconds(4);

    public TimeSpan RenewEvery { get; init; } = TimeSpan.FromSeconds(0.5);
}
