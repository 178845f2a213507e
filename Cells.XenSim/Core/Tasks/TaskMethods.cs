using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Tasks;

internal static class TaskMethods
{
    public static void Register(MethodTable table)
    {
        table.On("task.create", call => Step.Of(call.Pool.Tasks.Create(call.Text(0), call.Text(1), [], call.Session).Ref));
        table.On("task.destroy", call =>
        {
            call.Pool.Tasks.Destroy(call.Target("task"));
            return Step.Void;
        });
        table.On("task.cancel", call =>
        {
            call.Pool.Tasks.Cancel(call.Target("task"));
            return Step.Void;
        });
        table.On("task.set_status", SetStatus);
        table.On("task.set_progress", SetPending((call, task) => task.Put("progress", (double)call.Args[1]!)));
        table.On("task.set_result", SetPending((call, task) => task.Put("result", call.Text(1))));
        table.On("task.set_error_info", SetPending((call, task) => task.Put("error_info", (string[])call.Args[1]!)));
        var config = PublishedModel.Class("task").Field("other_config");
        table.PlainSetters("task", "other_config");
        table.On("task.add_to_other_config", call => GeneratedMethods.AddTo(call, "task", config));
        table.On("task.remove_from_other_config", call => GeneratedMethods.RemoveFrom(call, "task", config));
    }

    private static Step SetStatus(Call call)
    {
        var task = call.Target("task");
        if (!TaskTable.IsPending(task)) throw XapiFailure.NotAllowed($"Task {task.Ref} is already complete");
        if (call.Text(1) is "pending" or "cancelling") task.Put("status", call.Text(1));
        else call.Pool.Tasks.Close(task, call.Text(1));
        return Step.Void;
    }

    private static Handler SetPending(Action<Call, Objects.SimObject> set) => call =>
    {
        var task = call.Target("task");
        if (!TaskTable.IsPending(task)) throw XapiFailure.NotAllowed($"Task {task.Ref} is already complete");
        set(call, task);
        return Step.Void;
    };
}
