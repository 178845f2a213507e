using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Events;

/// <summary>Open event.from questions. Each is answered when something it watches changed, or at its time-out.</summary>
internal sealed class EventQueue(SimPool pool)
{
    private readonly List<Poll> _polls = [];

    public void Ask(Call call, Subscription subscription, EventToken since, TimeSpan timeout)
    {
        var poll = new Poll(call, subscription, since.Generation, pool.Now + timeout);
        _polls.Add(poll);
        LookAfter(poll, subscription.OnlyTasks ? TimeSpan.Zero : pool.Options.EventDelay);
    }

    /// <summary>Something may have changed: polls it concerns look again after the batching delay.</summary>
    public void WakeForChanges()
    {
        var generation = pool.Database.Generation;
        foreach (var poll in _polls)
        {
            if (poll.Looking || poll.Seen >= generation) continue;
            if (HasNews(poll, poll.Seen)) LookAfter(poll, pool.Options.EventDelay);
            else poll.Seen = generation;
        }
    }

    /// <summary>Blocked questions of a session that ended are answered SESSION_INVALID.</summary>
    public void EndSession(SimObject session)
    {
        foreach (var poll in _polls.Where(p => p.Call.Session == session).ToList())
        {
            Remove(poll);
            pool.Calls.Fail(poll.Call, XapiFailure.SessionInvalid(session.Ref));
        }
    }

    public void Clear()
    {
        foreach (var poll in _polls.ToList())
        {
            poll.Call.Over = true;
            Remove(poll);
        }
    }

    private void LookAfter(Poll poll, TimeSpan delay)
    {
        poll.Looking = true;
        poll.Next?.Cancel();
        poll.Next = pool.After(delay, () => Look(poll));
    }

    private void Look(Poll poll)
    {
        poll.Looking = false;
        poll.Seen = pool.Database.Generation;
        if (poll.Call.Over)
        {
            Remove(poll);
        }
        else if (HasNews(poll, poll.Since) || pool.Now >= poll.Deadline)
        {
            Remove(poll);
            pool.Calls.Complete(poll.Call, new EventBatch(pool.Database, poll.Subscription, poll.Since));
        }
        else
        {
            poll.Next = pool.Schedule.At(poll.Deadline, () => Look(poll));
        }
    }

    private void Remove(Poll poll)
    {
        poll.Next?.Cancel();
        _polls.Remove(poll);
    }

    private bool HasNews(Poll poll, long since) =>
        pool.Database.ChangedSince(since).Any(o => poll.Subscription.Matches(o.Class, o.Ref))
        || pool.Database.DeletedSince(since, poll.Since).Any(t => poll.Subscription.Matches(t.Class, t.Ref));

    private sealed class Poll(Call call, Subscription subscription, long since, DateTimeOffset deadline)
    {
        public Call Call { get; } = call;
        public Subscription Subscription { get; } = subscription;
        public long Since { get; } = since;
        public DateTimeOffset Deadline { get; } = deadline;
        public long Seen { get; set; } = since;
        public bool Looking { get; set; }
        public Schedule.Entry? Next { get; set; }
    }
}
