using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Api.Admin.Events;

/// <summary>
/// Tells one follower when something above its number was committed, or that a second has passed. It lives as long as the follower: nobody who
/// listens means no actor and no message.
/// </summary>
internal sealed class ChangeWatch : ReceiveActor
{
    // A busy tree commits hundreds of times a second: a follower reads ten times at most.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private long _last;
    private long _above;
    private IActorRef? _waiting;

    public ChangeWatch()
    {
        Receive<GroupCommitted>(group =>
        {
            _last = Math.Max(_last, group.LastChangeNumber ?? 0);
            WakeSoon();
        });
        Receive<WaitAbove>(wait =>
        {
            (_above, _waiting) = (wait.Change, Sender);
            Timers.StartSingleTimer("wake", Wake.Instance, Longest);
            WakeSoon();
        });
        Receive<Wake>(_ =>
        {
            _waiting?.Tell(new Woken(), Self);
            _waiting = null;
        });
    }

    private void WakeSoon()
    {
        if (_waiting is not null && _last > _above)
            Timers.StartSingleTimer("wake", Wake.Instance, Gather);
    }

    /// <summary>Answered by <see cref="Woken"/> within a second. One at a time.</summary>
    internal sealed record WaitAbove(long Change);

    internal sealed record Woken;

    private sealed record Wake
    {
        public static readonly Wake Instance = new();
    }
}
