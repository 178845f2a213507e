using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Events;

internal static class EventMethods
{
    // A client that asks to wait for ever gets an answer within the day; a host's threads are not endless either.
    private const double LongestTimeoutSeconds = 24 * 3600;

    public static void Register(MethodTable table)
    {
        table.Works("event.from", From);
        table.On("event.inject", Inject);
        table.On("event.get_current_id", call => Step.Of(call.Database.Generation));
    }

    private static Step From(Call call)
    {
        var subscription = new Subscription((string[])call.Args[0]!);
        var since = EventToken.Parse(call.Text(1));
        var seconds = (double)call.Args[2]!;
        var timeout = TimeSpan.FromSeconds(double.IsNaN(seconds) ? 0 : Math.Clamp(seconds, 0, LongestTimeoutSeconds));
        call.Pool.Events.Ask(call, subscription, since, timeout);
        return Step.Wait;
    }

    /// <summary>Touches the object and answers the token just before: whoever waits from that token sees everything up to here.</summary>
    private static Step Inject(Call call)
    {
        var (className, reference) = (call.Text(0), call.Text(1));
        var target = PublishedModel.FindClassIgnoringCase(className) is { } definition ? call.Database.Find(definition, reference) : null;
        if (target is null) throw XapiFailure.HandleInvalid(className, reference);
        var before = new EventToken(call.Database.Generation, 0);
        call.Database.Touch(target);
        return Step.Of(before.ToString());
    }
}
