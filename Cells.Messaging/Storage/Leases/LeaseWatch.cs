namespace Cells.Messaging.Storage.Leases;

/// <summary>
/// Judges from successive reads whether a lease may be taken. Only time that this process measured itself counts: the counter must have stood
/// still from the end of the first read that showed it to the begin of the latest one.
/// </summary>
public sealed record LeaseWatch(LeaseRow? Seen, long SinceTimestamp)
{
    public static readonly LeaseWatch Nothing = new(Seen: null, SinceTimestamp: 0);

    /// <param name="began">Timestamp before the read was begun.</param>
    /// <param name="ended">Timestamp after its answer came.</param>
    public (LeaseWatch Watch, bool MayTake) On(LeaseRow row, long began, long ended, LeaseOptions options, TimeProvider time)
    {
        var free = row.Holder is null
            || row.Holder == options.Holder                                          // this process held it and had to stop
            || (row.Directory is not null && row.Directory == options.Directory);    // a former process of the directory whose lock we hold
        if (row != Seen)
            return (new LeaseWatch(row, ended), free);
        return (this, free || time.GetElapsedTime(SinceTimestamp, began) >= options.Term);
    }
}
