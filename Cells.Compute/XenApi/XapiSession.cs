namespace Cells.Compute.XenApi;

/// <summary>A login at one coordinator: performs calls, and says what each failure means. It retries nothing.</summary>
public sealed class XapiSession
{
    private readonly IXapiWire _wire;
    private long _lastId;

    /// <summary>Takes up a session by its reference: one just made by <see cref="XenApiClient.LoginAsync"/>, or an older owner's, to end it.</summary>
    public XapiSession(IXapiWire wire, XenRef<Session> reference) => (_wire, Reference) = (wire, reference);

    public HostAddress Address => _wire.Address;

    /// <summary>A secret; it goes nowhere but into requests and, encrypted, into the owner's record.</summary>
    internal XenRef<Session> Reference { get; }

    /// <summary>Another session at the same coordinator.</summary>
    internal XapiSession For(XenRef<Session> other) => new(_wire, other);

    public Task<T> CallAsync<T>(XenRequest<T> request, CancellationToken stop) =>
        XenApiClient.PerformAsync(_wire, request.Call.Name, request.Call.Effect, Session(request.Call), request.Arguments, request.Timeout, request.Read, NextId(), stop);

    /// <summary>Begins the call as a task. Its end shows in the task's record; the task is then to be destroyed.</summary>
    /// <exception cref="ArgumentException">The call has no asynchronous form.</exception>
    public Task<XenRef<XenTask>> StartTaskAsync<T>(XenRequest<T> request, CancellationToken stop) => request.Call.HasAsync
        ? XenApiClient.PerformAsync(
            _wire, $"Async.{request.Call.Name}", request.Call.Effect, Session(request.Call), request.Arguments, request.Timeout, v => v.Ref<XenTask>(), NextId(), stop)
        : throw new ArgumentException($"{request} has no asynchronous form.", nameof(request));

    /// <summary>The result of a task that was begun with <paramref name="request"/> and has ended.</summary>
    /// <exception cref="XenApiFailure">It failed, with this code; TASK_CANCELLED when it was cancelled.</exception>
    /// <exception cref="XenApiUnknownOutcome">It succeeded, but its result is not understood.</exception>
    public static T ResultOf<T>(XenRequest<T> request, XenTask ended)
    {
        switch (ended.Status)
        {
            case XenTaskStatus.Success:
                try
                {
                    return TaskResult.Read(request, ended.Result);
                }
                catch (XenAnswerException broken)
                {
                    throw new XenApiUnknownOutcome($"{request} succeeded, but its result is not understood: {broken.Message}", broken);
                }
            case XenTaskStatus.Failure when ended.ErrorInfo.Count > 0:
                throw new XenApiFailure(request.Call.Name, ended.ErrorInfo[0], [.. ended.ErrorInfo.Skip(1)]);
            case XenTaskStatus.Failure:
                throw new XenApiFailure(request.Call.Name, "INTERNAL_ERROR", ["the task failed without saying why"]);
            case XenTaskStatus.Cancelled:
                throw new XenApiFailure(request.Call.Name, "TASK_CANCELLED", []);
            default:
                throw new ArgumentException($"The task for {request} has not ended: {ended.Status}.", nameof(ended));
        }
    }

    /// <summary>
    /// Sends bytes into an existing disk (PUT /import_raw_vdi, XenAPI HTTP handlers). The host answers before it read the body, so the end of the
    /// transfer, and its failure, show in <paramref name="task"/>.
    /// </summary>
    public Task ImportRawVdiAsync(XenRef<Vdi> vdi, XenRef<XenTask> task, IByteSource body, TimeSpan timeout, CancellationToken stop) =>
        _wire.PutAsync(
            $"/import_raw_vdi?session_id={Uri.EscapeDataString(Reference.Value)}&task_id={Uri.EscapeDataString(task.Value)}&vdi={Uri.EscapeDataString(vdi.Value)}&format=raw",
            body, timeout, stop);

    /// <summary>
    /// What a disk reads as (GET /export_raw_vdi, XenAPI HTTP handlers), to its virtual size. Whether the host read all of it shows in <paramref name="task"/>
    /// only. A disk that a guest writes is refused (VDI_IN_USE, in the task); a snapshot is not.
    /// </summary>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> ExportRawVdiAsync(XenRef<Vdi> vdi, XenRef<XenTask> task, TimeSpan timeout, CancellationToken stop) =>
        _wire.GetAsync(
            $"/export_raw_vdi?session_id={Uri.EscapeDataString(Reference.Value)}&task_id={Uri.EscapeDataString(task.Value)}&vdi={Uri.EscapeDataString(vdi.Value)}&format=raw",
            timeout, stop);

    public override string ToString() => $"a session at {Address}";

    private string? Session(XenCall call) => call.TakesSession ? Reference.Value : null;

    // Calls of several askers may overlap, so the number is taken atomically.
    private long NextId() => Interlocked.Increment(ref _lastId);
}
