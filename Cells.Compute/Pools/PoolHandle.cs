using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Actors;

namespace Cells.Compute.Pools;

/// <summary>
/// How hosts' actors and workflow steps use their pool's session. It lives as long as the pool's owner, over reconnections; while there is no
/// connection every call fails at once with <see cref="XenApiUnreachable"/>, and the caller's own retry comes again. Any thread may call.
/// </summary>
internal sealed class PoolHandle(string poolName, PoolOwner assignment, IActorRef owner, TimeProvider time) : IPoolCalls
{
    /// <summary>xapi serves a few dozen requests at once; more would only wait there, out of sight.</summary>
    public const int MaxCalls = 64;

    // What is awaited has a deadline of its own in its workflow; these only bound what is remembered.
    private static readonly TimeSpan TaskPatience = TimeSpan.FromHours(2);
    private static readonly TimeSpan BarrierPatience = TimeSpan.FromSeconds(30);

    private Connection _connection = new(null, "not connected yet");
    private PoolCache? _cache;
    private int _calls;

    public PoolId Pool => assignment.Pool;

    /// <summary>Under which everything is done that goes through here; every row that tells of it names it.</summary>
    public PoolOwner Owner => assignment;

    /// <summary>Whether calls reach the pool now; the next may fail all the same.</summary>
    public bool IsConnected => Volatile.Read(ref _connection).Link is not null;

    /// <summary>What the pool last showed; the last known while there is no connection, null before the first.</summary>
    public PoolCache? Cache => Volatile.Read(ref _cache);

    public IReadOnlyList<VmObservation> FindVmsByInstance(InstanceId instance) => Cache?.FindVmsByInstance(instance) ?? [];

    public IReadOnlyList<VdiObservation> FindVdisByInstance(InstanceId instance) => Cache?.FindVdisByInstance(instance) ?? [];

    /// <summary>Performs one call. Retried once, and only when the session had ended (nothing was done) and there is a newer one already.</summary>
    /// <exception cref="XenApiFailure">The host refused.</exception>
    /// <exception cref="XenApiUnreachable">Nothing was done: no connection, or too many calls under way.</exception>
    /// <exception cref="XenApiUnknownOutcome">It may have been done.</exception>
    public Task<T> CallAsync<T>(XenRequest<T> request, CancellationToken stop) => CallAsync(request.Call.Name, link => link.Calls.CallAsync(request, stop));

    public async Task<XenRef<T>> RefAsync<T>(XenRequest<XenRef<T>> byUuid, CancellationToken stop)
    {
        if (LinkFor(byUuid.Call.Name).Refs.Find(byUuid) is { } known)
            return known;
        var found = await CallAsync(byUuid, stop);
        Remember(byUuid, found);
        return found;
    }

    public void Remember<T>(XenRequest<XenRef<T>> byUuid, XenRef<T> reference) => Volatile.Read(ref _connection).Link?.Refs.Add(byUuid, reference);

    /// <inheritdoc cref="RunTaskAsync{T}(XenRequest{T}, Action{XenRef{XenTask}}, CancellationToken)"/>
    public Task<T> RunTaskAsync<T>(XenRequest<T> request, CancellationToken stop) => RunTaskAsync(request, static _ => { }, stop);

    /// <summary>Begins the call as a task, waits for its end, destroys the task and gives its result.</summary>
    /// <param name="begun">
    /// Told the task's reference: its progress is in <see cref="PoolCache.Tasks"/>, and <see cref="CancelTaskAsync"/> cancels it.
    /// </param>
    /// <exception cref="XenApiUnknownOutcome">It may have been begun, or its end was not seen: the connection was lost meanwhile.</exception>
    public async Task<T> RunTaskAsync<T>(XenRequest<T> request, Action<XenRef<XenTask>> begun, CancellationToken stop)
    {
        var (task, link) = await CallAsync(request.Call.Name, async link => (await link.Calls.StartTaskAsync(request, stop), link));
        begun(task);
        try
        {
            return XapiSession.ResultOf(request, await EndOfAsync(request.Call.Name, task, link, stop));
        }
        finally
        {
            await DestroyAsync(link, task, stop);
        }
    }

    public Task<XenRef<XenTask>> BeginTaskAsync<T>(XenRequest<T> request, CancellationToken stop) =>
        CallAsync(request.Call.Name, link => link.Calls.StartTaskAsync(request, stop));

    /// <summary>Asks the host to stop a task at its next check. Its awaiter gets TASK_CANCELLED, or its result when that came first.</summary>
    public async Task CancelTaskAsync(XenRef<XenTask> task, CancellationToken stop)
    {
        try
        {
            await CallAsync(XenTask.Cancel(task), stop);
        }
        catch (XenApiFailure ended) when (ended.Code == "HANDLE_INVALID")
        {
            // Ended and destroyed: there is nothing to cancel.
        }
    }

    /// <summary>Sends bytes into an existing disk and waits until the host has them all.</summary>
    /// <param name="timeout">For the transfer.</param>
    public async Task ImportRawVdiAsync(XenRef<Vdi> vdi, IByteSource body, TimeSpan timeout, CancellationToken stop)
    {
        var name = $"cells import of {body.Length} bytes";
        var (task, link) = await CallAsync("import_raw_vdi", async link => (await link.Calls.CallAsync(XenTask.Create(name, ""), stop), link));
        try
        {
            await link.Calls.ImportRawVdiAsync(vdi, task, body, timeout, stop);
            Succeeded("import_raw_vdi", await EndOfAsync("import_raw_vdi", task, link, stop));
        }
        finally
        {
            await DestroyAsync(link, task, stop);
        }
    }

    /// <inheritdoc/>
    public async Task<T> ExportRawVdiAsync<T>(XenRef<Vdi> vdi, long length, TimeSpan timeout, Func<IByteSource, Task<T>> use, CancellationToken stop)
    {
        const string call = "export_raw_vdi";
        var name = $"cells export of {length} bytes";
        var (task, link) = await CallAsync(call, async link => (await link.Calls.CallAsync(XenTask.Create(name, ""), stop), link));
        try
        {
            T made;
            try
            {
                made = await use(new ExportedDisk(link.Calls, vdi, task, length, timeout));
            }
            catch (XenApiException broken)
            {
                throw await WhyAsync(call, task, link, broken, stop);
            }
            Succeeded(call, await EndOfAsync(call, task, link, stop));
            return made;
        }
        finally
        {
            await DestroyAsync(link, task, stop);
        }
    }

    /// <summary>HTTP tells that a transfer broke off; its task may tell why.</summary>
    private static async Task<XenApiException> WhyAsync(string call, XenRef<XenTask> task, PoolLink link, XenApiException broken, CancellationToken stop)
    {
        try
        {
            var ended = await link.Calls.CallAsync(XenTask.GetRecord(task), stop);
            return ended is { Status: XenTaskStatus.Failure, ErrorInfo.Count: > 0 } ? FailureOf(call, ended) : broken;
        }
        catch (XenApiException)
        {
            return broken;                                        // what broke the transfer keeps the task from being read too
        }
    }

    private static void Succeeded(string call, XenTask ended)
    {
        if (ended.Status != XenTaskStatus.Success)
            throw FailureOf(call, ended);
    }

    private static XenApiFailure FailureOf(string call, XenTask ended) =>
        new(call, ended.ErrorInfo.Count > 0 ? ended.ErrorInfo[0] : "INTERNAL_ERROR", [.. ended.ErrorInfo.Skip(1)]);

    /// <summary>Completes once the observer has been told of everything that happened on the pool before this call.</summary>
    public async Task BarrierAsync(CancellationToken stop)
    {
        var (token, link) = await CallAsync("event.inject", async link => (await link.Calls.CallAsync(XenEvents.Inject(link.PoolRef), stop), link));
        try
        {
            await owner.Ask<PoolActor.TokenReached>(new PoolActor.AwaitToken(link.Generation, token), BarrierPatience, stop);
        }
        catch (AskTimeoutException late)
        {
            throw new XenApiUnreachable($"pool '{poolName}': its events have not caught up within {BarrierPatience.TotalSeconds:0} s", late);
        }
    }

    /// <summary>By the owner: a new connection, or none and why.</summary>
    internal void Show(PoolLink? link, string reason) => Volatile.Write(ref _connection, new Connection(link, reason));

    internal void Show(PoolCache cache) => Volatile.Write(ref _cache, cache);

    private async Task<T> CallAsync<T>(string call, Func<PoolLink, Task<T>> perform)
    {
        var (began, outcome) = (time.GetTimestamp(), "ok");
        try
        {
            return await CallOnceAsync(call, perform);
        }
        catch (XenApiException error)
        {
            outcome = error is XenApiFailure failure ? failure.Code : error is XenApiUnknownOutcome ? "unknown" : "unreachable";
            throw;
        }
        finally
        {
            ComputeMeters.Called(call, outcome, time.GetElapsedTime(began));
        }
    }

    private async Task<T> CallOnceAsync<T>(string call, Func<PoolLink, Task<T>> perform)
    {
        Enter(call);
        try
        {
            var link = LinkFor(call);
            try
            {
                return await perform(link);
            }
            catch (XenApiFailure ended) when (ended.Kind is FailureKind.Relogin or FailureKind.Redirect)
            {
                owner.Tell(new PoolActor.SessionEnded(link.Generation, ended.Message), null);
                var newer = LinkFor(call);
                return newer.Generation > link.Generation ? await perform(newer) : throw new XenApiUnreachable($"{ended.Message}; the pool's owner logs in again", ended);
            }
        }
        catch (XenApiFailure ended) when (ended.Kind is FailureKind.Relogin or FailureKind.Redirect)
        {
            throw new XenApiUnreachable($"{ended.Message}; the pool's owner logs in again", ended);
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }

    private void Enter(string call)
    {
        if (Interlocked.Increment(ref _calls) <= MaxCalls)
            return;
        Interlocked.Decrement(ref _calls);
        throw new XenApiUnreachable($"{call}: pool '{poolName}' has {MaxCalls} calls under way already");
    }

    private PoolLink LinkFor(string call)
    {
        var (link, reason) = Volatile.Read(ref _connection);
        return link ?? throw new XenApiUnreachable($"{call}: pool '{poolName}' is not connected ({reason})");
    }

    private async Task<XenTask> EndOfAsync(string call, XenRef<XenTask> task, PoolLink link, CancellationToken stop)
    {
        try
        {
            return (await owner.Ask<PoolActor.TaskEnded>(new PoolActor.AwaitTask(link.Generation, task), TaskPatience, stop)).Task;
        }
        catch (AskTimeoutException late)
        {
            throw new XenApiUnknownOutcome($"{call}: its task has not ended within {TaskPatience.TotalHours:0} h", late);
        }
    }

    private static async Task DestroyAsync(PoolLink link, XenRef<XenTask> task, CancellationToken stop)
    {
        try
        {
            await link.Calls.CallAsync(XenTask.Destroy(task), stop);
        }
        catch (XenApiException)
        {
            // The result is known or lost without it; the host collects ended tasks after 65 minutes (XenAPI, tasks).
        }
        catch (OperationCanceledException)
        {
            // As above; what was cancelled shows to the caller by itself.
        }
    }

    private sealed record Connection(PoolLink? Link, string Reason);
}
