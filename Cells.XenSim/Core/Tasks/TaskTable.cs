using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Wire;

namespace Cells.XenSim.Core.Tasks;

/// <summary>Task records: made for asynchronous calls, for work that takes time, and by clients for transfers.</summary>
internal sealed class TaskTable(SimPool pool)
{
    private static readonly TimeSpan KeepCompleted = TimeSpan.FromMinutes(65);
    private static readonly TimeSpan KeepPending = TimeSpan.FromHours(24);
    private const int Kept = 200;

    // task.destroy on a pending task only flags it for deletion when it is done.
    private readonly HashSet<string> _destroyWhenDone = new(StringComparer.Ordinal);

    // session.tasks is kept from this side: the task's own link to its session is not published.
    private readonly Dictionary<string, SimObject> _sessions = new(StringComparer.Ordinal);

    public SimObject Start(Call call) => Create(call.IsAsync ? $"Async.{call.Method.Name}" : call.Method.Name, "", ["cancel"], call.Session);

    public SimObject Create(string label, string description, string[] allowed, SimObject? session)
    {
        Collect();
        var task = pool.Database.Create("task",
            ("name_label", label), ("name_description", description), ("allowed_operations", allowed),
            ("created", XapiTime.Of(pool.Now)), ("finished", XapiTime.Never), ("status", "pending"),
            ("resident_on", pool.Coordinator.Record.Ref), ("type", "<none/>"), ("progress", 0.0));
        if (session is { Deleted: false })
        {
            _sessions.Add(task.Ref, session);
            session.Put("tasks", (string[])[.. session.Set("tasks"), task.Ref]);
        }
        return task;
    }

    /// <summary>After a restart: whose task each one is stands in the sessions.</summary>
    public void FindOwners()
    {
        foreach (var session in pool.Database.All("session"))
            foreach (var task in session.Set("tasks")) _sessions[task] = session;
    }

    /// <summary>Ends a task with a result (as XML-RPC text) or an error.</summary>
    public void End(SimObject task, object? value, XapiFailure? failure)
    {
        if (task.Deleted || !IsPending(task)) return;
        if (failure is null)
        {
            task.Put("result", XmlRpcText.Of(value));
            Close(task, "success");
        }
        else
        {
            task.Put("error_info", (string[])[failure.Code, .. failure.Parameters]);
            Close(task, failure.Code == "TASK_CANCELLED" ? "cancelled" : "failure");
        }
    }

    public void Close(SimObject task, string status)
    {
        task.Put("status", status);
        task.Put("progress", 1.0);
        task.Put("finished", XapiTime.Of(pool.Now));
        task.Put("allowed_operations", (string[])["destroy"]);
        task.Put("current_operations", StringMap.Empty);
        if (_destroyWhenDone.Remove(task.Ref)) Remove(task);
    }

    public void Destroy(SimObject task)
    {
        if (IsPending(task)) _destroyWhenDone.Add(task.Ref);
        else Remove(task);
    }

    public void Cancel(SimObject task)
    {
        if (!IsPending(task)) return;
        if (pool.Calls.OfTask(task.Ref) is { } call) pool.Calls.Cancel(call);
        else End(task, null, new XapiFailure("TASK_CANCELLED", task.Ref));
    }

    /// <summary>A starting toolstack finds the tasks of its former life: whatever was pending is cancelled.</summary>
    public void CancelAllPending()
    {
        foreach (var task in pool.Database.All("task").Where(IsPending).ToList())
            End(task, null, new XapiFailure("TASK_CANCELLED", task.Ref));
    }

    public void Remove(SimObject task)
    {
        _destroyWhenDone.Remove(task.Ref);
        if (_sessions.Remove(task.Ref, out var session)) session.Put("tasks", session.Set("tasks").Where(t => t != task.Ref).ToArray());
        pool.Database.Delete(task);
    }

    public static bool IsPending(SimObject task) => task.Text("status") is "pending" or "cancelling";

    /// <summary>The collector runs when tasks are made, so that an idle pool plans nothing.</summary>
    private void Collect()
    {
        if (pool.Database.Count(PublishedModel.Class("task")) < Kept && !OldestIsStale()) return;
        var tasks = pool.Database.All("task").ToList();
        var stale = tasks.Where(IsStale).ToList();
        foreach (var task in stale) Remove(task);
        var surplus = tasks.Count - stale.Count - (Kept - 1);
        if (surplus <= 0) return;
        foreach (var task in tasks.Except(stale).OrderBy(t => IsPending(t)).ThenBy(t => t.Created).Take(surplus)) Remove(task);
    }

    private bool OldestIsStale() => pool.Database.All("task").FirstOrDefault() is { } oldest && IsStale(oldest);

    private bool IsStale(SimObject task) => IsPending(task)
        ? pool.Now - XapiTime.Read(task.Text("created")) > KeepPending
        : pool.Now - XapiTime.Read(task.Text("finished")) > KeepCompleted;
}
