namespace Cells.Messaging.Storage.Leases;

/// <summary>Takes a lease that is as it was seen; epoch and counter rise by one.</summary>
/// <param name="SeenEpoch">0: there was no row.</param>
/// <param name="Directory">The data directory whose lock the taker holds; null when it has none.</param>
internal sealed record TakeLease(string Name, Guid Holder, Guid? Directory, long SeenEpoch, long SeenCounter) : IWrite
{
    public WriteKind Kind => LeaseKinds.Take;
}

/// <summary>Moves the counter, if the lease is still this holder's in this epoch and nobody else moved it.</summary>
internal sealed record RenewLease(string Name, Guid Holder, long Epoch, long Counter) : IWrite
{
    public WriteKind Kind => LeaseKinds.Renew;
}

/// <summary>Makes the lease free, so that the next taker need not watch it for a term.</summary>
internal sealed record FreeLease(string Name, Guid Holder, long Epoch) : IWrite
{
    public WriteKind Kind => LeaseKinds.Free;
}
