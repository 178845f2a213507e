using Cells.Compute.XenApi;
using Cells.Messaging.Actors;

namespace Cells.Compute.Pools;

/// <summary>Who waits for what: ends of tasks, and the stream's coming to a token. Answers come from the events.</summary>
internal sealed partial class PoolActor
{
    private readonly SortedDictionary<XenRef<XenTask>, List<IActorRef>> _taskWaiters = [];
    private readonly List<(string Token, IActorRef Asker)> _tokenWaiters = [];

    private void OnAwaitTask(AwaitTask m)
    {
        if (_link is not { } link || m.Generation != link.Generation)
        {
            Sender.Tell(new Status.Failure(Lost(m.Task, "the connection was lost")));
        }
        else if (_cache!.Tasks.TryGetValue(m.Task, out var task) && task.HasEnded)
        {
            Sender.Tell(new TaskEnded(task));
        }
        else
        {
            if (!_taskWaiters.TryGetValue(m.Task, out var askers))
                _taskWaiters[m.Task] = askers = [];
            askers.Add(Sender);
        }
    }

    private void AnswerTasks(IReadOnlyList<XenEvent> events)
    {
        foreach (var e in events.Where(e => e.Class == "task"))
        {
            var task = new XenRef<XenTask>(e.Ref);
            if (e.Record is XenTask { HasEnded: true } ended)
                Answer(task, new TaskEnded(ended));
            else if (e.Operation == XenOperation.Del)
                Answer(task, new Status.Failure(Lost(task, "it was destroyed")));
        }
    }

    /// <summary>
    /// A task that ended and was destroyed between two answers of the stream shows in none of them. Whoever waits for one that was not seen for a
    /// look's time has the host asked.
    /// </summary>
    private void ReadUnseenTasks()
    {
        if (!_up || _link is not { } link)
            return;
        foreach (var task in _taskWaiters.Keys.Where(t => !_cache!.Tasks.ContainsKey(t)))
        {
            Pipe(
                link.Calls.CallAsync(XenTask.GetRecord(task), Stopping),
                record => new TaskRead(link, task, record, null),
                error => new TaskRead(link, task, null, error));
        }
    }

    private void OnTaskRead(TaskRead m)
    {
        if (m.Link != _link)
            return;
        if (m.Task is { HasEnded: true } ended)
            Answer(m.Ref, new TaskEnded(ended));
        else if (m.Error is XenApiFailure { Code: "HANDLE_INVALID" })
            Answer(m.Ref, new Status.Failure(Lost(m.Ref, "it was destroyed")));
        // Anything else: the stream shows it, or breaks; and it is looked at again.
    }

    private void OnAwaitToken(AwaitToken m)
    {
        if (_link is not { } link || m.Generation != link.Generation)
            Sender.Tell(new Status.Failure(new XenApiUnreachable($"pool '{_config.Name}': the connection was lost before its events had caught up")));
        else if (string.CompareOrdinal(_token, m.Token) >= 0)
            Sender.Tell(new TokenReached());
        else
            _tokenWaiters.Add((m.Token, Sender));
    }

    private void AnswerTokens()
    {
        foreach (var (_, asker) in _tokenWaiters.Where(w => string.CompareOrdinal(_token, w.Token) >= 0))
            asker.Tell(new TokenReached());
        _tokenWaiters.RemoveAll(w => string.CompareOrdinal(_token, w.Token) >= 0);
    }

    private void GiveUpWaiting(string reason)
    {
        foreach (var task in _taskWaiters.Keys.ToList())
            Answer(task, new Status.Failure(Lost(task, reason)));
        foreach (var (_, asker) in _tokenWaiters)
            asker.Tell(new Status.Failure(new XenApiUnreachable($"pool '{_config.Name}': {reason}")));
        _tokenWaiters.Clear();
    }

    private void Answer(XenRef<XenTask> task, object answer)
    {
        if (!_taskWaiters.Remove(task, out var askers))
            return;
        foreach (var asker in askers)
            asker.Tell(answer);
    }

    private XenApiUnknownOutcome Lost(XenRef<XenTask> task, string reason) => new($"pool '{_config.Name}': the end of task {task} was not seen: {reason}");
}
