namespace Cells.Messaging.Links;

/// <summary>What becomes of an arrived page.</summary>
internal enum PageArrival
{
    /// <summary>It joins our watermark: give it to the router.</summary>
    Deliver = 1,

    /// <summary>It brings nothing new: say again how far we are.</summary>
    Duplicate = 2,

    /// <summary>It begins above our watermark: something between is missing.</summary>
    Gap = 3,

    /// <summary>Another page is with the router: it comes again.</summary>
    Busy = 4,
}

/// <summary>The receiver's side of a state lane: a watermark and at most one page with the router.</summary>
/// <param name="Pending">The page with the router; null for none.</param>
internal sealed record StateReceiving(long Watermark, StatePage? Pending)
{
    public (StateReceiving Next, PageArrival Arrival) On(StatePage page) => page switch
    {
        _ when page.To <= Watermark => (this, PageArrival.Duplicate),
        _ when page.From > Watermark => (this, PageArrival.Gap),
        _ when Pending is not null => (this, PageArrival.Busy),
        _ => (this with { Pending = page }, PageArrival.Deliver),
    };

    /// <summary>The merge and the watermark are committed. An answer to another page than the pending one changes nothing.</summary>
    public StateReceiving OnDone(long to) => Pending?.To == to ? new StateReceiving(to, null) : this;
}
