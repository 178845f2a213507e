namespace Cells.Compute.XenApi;

/// <summary>XenAPI's task_status_type. Other is a word of a newer release.</summary>
public enum XenTaskStatus
{
    Other = 0,
    Pending = 1,
    Success = 2,
    Failure = 3,
    Cancelling = 4,
    Cancelled = 5,
}

/// <summary>XenAPI class task: work that goes on while nobody holds a connection for it.</summary>
/// <param name="NameLabel">The method for tasks made by calls: <c>Async.VM.start_on</c>, or <c>VM.start_on</c> for a call that waits.</param>
/// <param name="Progress">0 to 1; becomes 1 at the end, however it ended.</param>
/// <param name="Result">XML-RPC text; see <see cref="TaskResult"/>.</param>
/// <param name="ErrorInfo">Code and parameters of a failed one.</param>
public sealed record XenTask(
    Guid Uuid, string NameLabel, XenTaskStatus Status, double Progress, string Result, IReadOnlyList<string> ErrorInfo) : IXenRecord<XenTask>
{
    public static string ClassName => "task";

    public bool HasEnded => Status is XenTaskStatus.Success or XenTaskStatus.Failure or XenTaskStatus.Cancelled;

    public static XenTask Read(IXenFields f) => new(
        f.Uuid(), f.Text("name_label"), f.Word("status", "task_status_type", XenTaskStatus.Other), f.Real("progress"), f.Text("result"), f.Texts("error_info"));

    /// <summary>A task to hang an HTTP transfer on (parameter <c>task_id</c>).</summary>
    public static XenRequest<XenRef<XenTask>> Create(string label, string description) => Generated.Ref<XenTask>(XenCalls.TaskCreate, label, description);

    public static XenRequest<XenTask> GetRecord(XenRef<XenTask> self) => Generated.Record(XenCalls.TaskGetRecord, self);

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<XenTask>, XenTask>>> GetAllRecords() => Generated.Records<XenTask>(XenCalls.TaskGetAllRecords);

    /// <summary>A pending one is destroyed when it ends.</summary>
    public static XenRequest<XenVoid> Destroy(XenRef<XenTask> self) => Generated.Void(XenCalls.TaskDestroy, self);

    /// <summary>Takes effect at the work's next check, if it has one.</summary>
    public static XenRequest<XenVoid> Cancel(XenRef<XenTask> task) => Generated.Void(XenCalls.TaskCancel, task);
}
