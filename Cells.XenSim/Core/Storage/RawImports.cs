using System.Globalization;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Storage;

/// <summary>PUT /import_raw_vdi: the head is answered before the body comes, so what the body meets is told in the task.</summary>
internal sealed class RawImports(SimPool pool)
{
    private readonly Dictionary<long, (SimObject Task, string Vdi, string Host)> _transfers = [];

    public void Receive(SimPutHead head)
    {
        if (pool.Find(head.Host) is not { Answers: true } host)
        {
            pool.Answer(SimAnswer.Lost(head.Id));
            return;
        }
        var query = HttpQuery.Of(head.Target);
        var status = Check(head, query, out var title, out var session);
        if (status != 200)
        {
            pool.Answer(SimAnswer.Html(head.Id, status, title));
            return;
        }
        var reference = query.GetValueOrDefault("vdi", "");
        var vdi = pool.Database.Find("VDI", reference) ?? pool.Database.FindByUuid("VDI", reference);
        if (vdi is not null && HttpQuery.ServedBy(pool, host, vdi) is { } member)
        {
            pool.Answer(new SimAnswer(head.Id, 302, "", ReadOnlyMemory<byte>.Empty, MovedTo: member.Name));
            return;
        }
        var task = pool.Database.Find("task", query.GetValueOrDefault("task_id", ""))
            ?? pool.Tasks.Create("VDI.import", "", [], session);
        if (vdi is null) pool.Tasks.End(task, null, XapiFailure.HandleInvalid("VDI", reference));
        _transfers[head.Id] = (task, vdi?.Ref ?? "", head.Host);
        pool.Answer(new SimAnswer(head.Id, 200, "", ReadOnlyMemory<byte>.Empty, task.Ref));
    }

    /// <summary>Takes the digest of what came; the answer carries nothing more, the task tells the result.</summary>
    public void Receive(SimPutBody body)
    {
        if (!_transfers.Remove(body.Id, out var transfer) || pool.Find(transfer.Host) is not { Answers: true })
        {
            pool.Answer(SimAnswer.Lost(body.Id));
            return;
        }
        var fate = pool.Faults.Match(transfer.Host, "PUT /import_raw_vdi", "PUT /import_raw_vdi");
        try
        {
            if (fate is { Kind: Faults.FaultKind.Fail }) throw new XapiFailure(fate.Code, fate.Parameters);
            if (fate is not { Kind: Faults.FaultKind.DropRequest or Faults.FaultKind.Hang }) Store(body, transfer.Task, transfer.Vdi);
        }
        catch (XapiFailure failure)
        {
            pool.Tasks.End(transfer.Task, null, failure);
        }
        if (fate is { Kind: Faults.FaultKind.Hang or Faults.FaultKind.HangAfterEffect }) return;
        pool.Answer(fate is { Kind: Faults.FaultKind.DropRequest or Faults.FaultKind.LoseAnswer }
            ? SimAnswer.Lost(body.Id)
            : new SimAnswer(body.Id, 200, "", ReadOnlyMemory<byte>.Empty, transfer.Task.Ref));
    }

    /// <summary>Connections break.</summary>
    /// <param name="failure">What their tasks end with; null when the toolstack dies, which cancels all tasks.</param>
    public void Abandon(XapiFailure? failure = null)
    {
        foreach (var id in _transfers.Keys.Order().ToList())
        {
            if (failure is not null) pool.Tasks.End(_transfers[id].Task, null, failure);
            pool.Answer(SimAnswer.Lost(id));
        }
        _transfers.Clear();
    }

    private int Check(SimPutHead head, Dictionary<string, string> query, out string title, out SimObject? session)
    {
        title = "Internal Server Error";
        session = null;
        if (!pool.Coordinator.Answers) return 500;   // a member asks its coordinator about the session
        title = "Unauthorised";
        session = pool.Sessions.Find(query.GetValueOrDefault("session_id") ?? head.SessionCookie ?? "");
        if (session is null) return 401;
        title = "Not Found";
        if (query.GetValueOrDefault("format", "raw") != "raw") return 404;
        title = "Bad Request";
        if (!query.ContainsKey("vdi")) return 400;
        pool.Sessions.CountMutation(session, "PUT /import_raw_vdi");
        title = "OK";
        return 200;
    }

    private void Store(SimPutBody body, SimObject task, string reference)
    {
        if (task.Deleted || !Tasks.TaskTable.IsPending(task)) return;
        if (!body.Complete) throw new XapiFailure("VDI_IO_ERROR", "Device I/O errors");
        var vdi = pool.Database.Get("VDI", reference);
        VdiGuard.Check(pool.Database, vdi, "resize");   // an attached or busy disk cannot be written from outside
        if (body.Length > vdi.Int("virtual_size")) throw new XapiFailure("VDI_IO_ERROR", "Device I/O errors");
        var allocated = Math.Min(vdi.Int("virtual_size"), VhdSize.Allocated(body.Length));
        VhdStore.Write(pool, vdi, new DiskContent(allocated, body.Length, body.Sha256.ToLower(CultureInfo.InvariantCulture)));
        pool.Tasks.End(task, vdi.Ref, null);
    }
}
