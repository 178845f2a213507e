using System.Collections.Immutable;

namespace Cells.Messaging.Links;

/// <summary>What becomes of an arrived work message.</summary>
internal enum Arrival
{
    /// <summary>Nobody of its key is before it: give it to the router now.</summary>
    Deliver = 1,

    /// <summary>An earlier one of its key is with the router: it waits.</summary>
    Wait = 2,

    /// <summary>An earlier one of its key is parked: so is it.</summary>
    Park = 3,

    /// <summary>It came before.</summary>
    Duplicate = 4,

    /// <summary>Something before it is missing: ask again.</summary>
    Gap = 5,

    /// <summary>More is unfinished than a window holds: let it come again.</summary>
    Full = 6,
}

/// <summary>
/// The receiver's side of a work lane: order per key, one of a key with the router at a time, and the prefix of messages that are done.
/// Numbers: Watermark &lt;= DoneTo &lt;= Received.
/// </summary>
/// <param name="Watermark">Committed, and so acknowledged.</param>
/// <param name="DoneTo">Everything up to here is done: what the watermark may be committed to.</param>
/// <param name="Received">Everything up to here has arrived.</param>
/// <param name="DoneAbove">Done, with something unfinished before it.</param>
/// <param name="Unfinished">Arrived and not done.</param>
/// <param name="Lines">Per key the numbers of its unfinished messages; the first is with the router, or being parked.</param>
/// <param name="ParkedKeys">Keys with a parked message: later ones are parked behind it.</param>
internal sealed record WorkReceiving(
    long Watermark,
    long DoneTo,
    long Received,
    ImmutableSortedSet<long> DoneAbove,
    ImmutableSortedDictionary<long, WorkItem> Unfinished,
    ImmutableSortedDictionary<string, ImmutableQueue<long>> Lines,
    ImmutableSortedSet<string> ParkedKeys)
{
    // The sender never goes further than its window above our watermark; more can only be a bug of it.
    private const int MostUnfinished = WorkSending.Window;

    public static WorkReceiving From(long watermark, IEnumerable<string> parkedKeys) => new(
        watermark,
        watermark,
        watermark,
        [],
        ImmutableSortedDictionary<long, WorkItem>.Empty,
        ImmutableSortedDictionary.Create<string, ImmutableQueue<long>>(StringComparer.Ordinal),
        ImmutableSortedSet.CreateRange(StringComparer.Ordinal, parkedKeys));

    public bool HasProgress => DoneTo > Watermark;

    public (WorkReceiving Next, Arrival Arrival) On(WorkItem item)
    {
        if (item.Number <= Received)
            return (this, Arrival.Duplicate);
        if (item.Number > Received + 1)
            return (this, Arrival.Gap);
        if (item.Number > Watermark + MostUnfinished)
            return (this, Arrival.Full);
        var line = Lines.GetValueOrDefault(item.OrderKey, []);
        var next = this with
        {
            Received = item.Number,
            Unfinished = Unfinished.Add(item.Number, item),
            Lines = Lines.SetItem(item.OrderKey, line.Enqueue(item.Number)),
        };
        var arrival = (line.IsEmpty, ParkedKeys.Contains(item.OrderKey)) switch
        {
            (false, _) => Arrival.Wait,
            (true, true) => Arrival.Park,
            (true, false) => Arrival.Deliver,
        };
        return (next, arrival);
    }

    /// <summary>The first of its key is done (handled, or durably parked).</summary>
    /// <returns>The next of the key, which is now to be delivered or parked; null when there is none. Nothing changes for a number that is not first.</returns>
    public (WorkReceiving Next, WorkItem? Following) OnDone(long number)
    {
        if (!Unfinished.TryGetValue(number, out var item) || Lines[item.OrderKey].Peek() != number)
            return (this, null);
        var line = Lines[item.OrderKey].Dequeue();
        var next = (this with
        {
            Unfinished = Unfinished.Remove(number),
            Lines = line.IsEmpty ? Lines.Remove(item.OrderKey) : Lines.SetItem(item.OrderKey, line),
            DoneAbove = DoneAbove.Add(number),
        }).MovePrefix();
        return (next, line.IsEmpty ? null : Unfinished[line.Peek()]);
    }

    public WorkReceiving OnKeyParked(string key) => this with { ParkedKeys = ParkedKeys.Add(key) };

    public WorkReceiving OnKeyFree(string key) => this with { ParkedKeys = ParkedKeys.Remove(key) };

    public WorkReceiving OnCommitted(long watermark) => this with { Watermark = Math.Max(Watermark, watermark) };

    /// <summary>True for a message that is with the router, or waits only to be parked.</summary>
    public bool IsFirstOfItsKey(long number) => Unfinished.TryGetValue(number, out var item) && Lines[item.OrderKey].Peek() == number;

    private WorkReceiving MovePrefix()
    {
        var (done, above) = (DoneTo, DoneAbove);
        while (!above.IsEmpty && above.Min == done + 1)
            (done, above) = (done + 1, above.Remove(done + 1));
        return this with { DoneTo = done, DoneAbove = above };
    }
}
