using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Faults;

namespace Cells.XenSim.Core.Storage;

/// <summary>
/// GET /export_raw_vdi (raw): the disk is attached to a control domain, read-only, for as long as it is read, as xapi does. The core says what the bytes are;
/// whoever has them sends them, and tells the end.
/// </summary>
internal sealed class RawExports(SimPool pool)
{
    private const string Path = "GET /export_raw_vdi";

    private readonly Dictionary<long, Transfer> _transfers = [];

    public void Receive(SimGetHead head)
    {
        if (pool.Find(head.Host) is not { Answers: true } host)
        {
            pool.Answer(SimAnswer.Lost(head.Id));
            return;
        }
        var query = HttpQuery.Of(head.Target);
        if (Refusal(head, query, out var session) is { } refusal)
        {
            pool.Answer(SimAnswer.Html(head.Id, refusal.Status, refusal.Title));
            return;
        }
        var reference = query.GetValueOrDefault("vdi", "");
        var vdi = pool.Database.Find("VDI", reference) ?? pool.Database.FindByUuid("VDI", reference);
        if (vdi is not null && HttpQuery.ServedBy(pool, host, vdi) is { } member)
        {
            pool.Answer(new SimAnswer(head.Id, 302, "", ReadOnlyMemory<byte>.Empty, MovedTo: member.Name));
            return;
        }
        var task = pool.Database.Find("task", query.GetValueOrDefault("task_id", "")) ?? pool.Tasks.Create("VDI.export", "", [], session!);
        var fate = pool.Faults.Match(head.Host, Path, Path);
        if (fate is { Kind: FaultKind.DropRequest or FaultKind.Hang })
        {
            if (fate.Kind == FaultKind.DropRequest) pool.Answer(SimAnswer.Lost(head.Id));
            return;
        }
        try
        {
            if (fate is { Kind: FaultKind.Fail }) throw new XapiFailure(fate.Code, fate.Parameters);
            Begin(head, host, vdi ?? throw XapiFailure.HandleInvalid("VDI", reference), task, fate);
        }
        catch (XapiFailure failure)
        {
            pool.Tasks.End(task, null, failure);
            pool.Answer(SimAnswer.Html(head.Id, 500, "Internal Server Error"));
        }
    }

    /// <summary>Every byte but the last ones has left: answered 200 when those may follow, lost when the host has died meanwhile.</summary>
    public void Receive(SimGetEnd end)
    {
        if (!_transfers.Remove(end.Id, out var transfer))
        {
            pool.Answer(SimAnswer.Lost(end.Id));
            return;
        }
        var complete = end.Complete && transfer.Fate is not { Kind: FaultKind.LoseAnswer or FaultKind.HangAfterEffect };
        Detach(transfer);
        if (complete) pool.Tasks.End(transfer.Task, "", null);
        else pool.Tasks.End(transfer.Task, null, new XapiFailure("VDI_IO_ERROR", "Device I/O errors"));
        pool.Answer(complete ? new SimAnswer(end.Id, 200, "", ReadOnlyMemory<byte>.Empty, transfer.Task.Ref) : SimAnswer.Lost(end.Id));
    }

    /// <summary>Connections break; how each ends is told when its sender comes to its end.</summary>
    /// <param name="failure">What their tasks end with; null when the toolstack dies, which cancels all tasks.</param>
    public void Abandon(XapiFailure? failure = null)
    {
        foreach (var (_, transfer) in _transfers.OrderBy(t => t.Key))
        {
            if (failure is not null) pool.Tasks.End(transfer.Task, null, failure);
            Detach(transfer);
        }
        _transfers.Clear();
    }

    private void Begin(SimGetHead head, SimHost host, SimObject vdi, SimObject task, FaultRule? fate)
    {
        if (VdiGuard.Attached(pool.Database, vdi).Any(v => v.Text("mode") == "RW")) throw new XapiFailure("VDI_IN_USE", vdi.Ref, "attach");
        if (!vdi.Flag("managed")) throw new XapiFailure("VDI_NOT_MANAGED", vdi.Ref);
        var vbd = pool.Database.Create("VBD", ("VM", host.Record.Text("control_domain")), ("VDI", vdi.Ref), ("userdevice", "autodetect"), ("mode", "RO"), ("type", "Disk"),
            ("currently_attached", Boxed.True), ("other_config", StringMap.Empty));
        AllowedOperations.Refresh(pool, vdi);
        _transfers[head.Id] = new Transfer(task, vdi.Ref, vbd.Ref, fate);
        var content = vdi.Disk ?? DiskContent.Blank;
        pool.Answer(new SimAnswer(head.Id, 200, "application/octet-stream", ReadOnlyMemory<byte>.Empty, task.Ref)
        {
            Export = new SimExport(vdi.Uuid, content.Sha256, content.ContentLength, vdi.Int("virtual_size")),
        });
    }

    private void Detach(Transfer transfer)
    {
        if (pool.Database.Find("VBD", transfer.Vbd) is { } vbd) pool.Database.Delete(vbd);
        if (pool.Database.Find("VDI", transfer.Vdi) is { } vdi) AllowedOperations.Refresh(pool, vdi);
    }

    private (int Status, string Title)? Refusal(SimGetHead head, Dictionary<string, string> query, out SimObject? session)
    {
        session = null;
        if (!pool.Coordinator.Answers) return (500, "Internal Server Error");   // a member asks its coordinator about the session
        session = pool.Sessions.Find(query.GetValueOrDefault("session_id") ?? head.SessionCookie ?? "");
        if (session is null) return (401, "Unauthorised");
        if (query.GetValueOrDefault("format", "raw") != "raw" || query.ContainsKey("base")) return (404, "Not Found");
        return query.ContainsKey("vdi") ? null : (400, "Bad Request");
    }

    private sealed record Transfer(SimObject Task, string Vdi, string Vbd, FaultRule? Fate);
}

/// <summary>What the handlers of /import_raw_vdi and /export_raw_vdi have in common.</summary>
internal static class HttpQuery
{
    public static Dictionary<string, string> Of(string target)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var question = target.IndexOf('?', StringComparison.Ordinal);
        if (question < 0) return values;
        foreach (var pair in target[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) values[Uri.UnescapeDataString(pair[..equals])] = Uri.UnescapeDataString(pair[(equals + 1)..]);
        }
        return values;
    }

    /// <summary>A host that does not have the disk's repository plugged sends the client to one that has; null when it has it, or nobody.</summary>
    public static SimHost? ServedBy(SimPool pool, SimHost host, SimObject vdi) =>
        pool.Database.Find("SR", vdi.Text("SR")) is not { } sr || SrMethods.IsPlugged(pool.Database, sr.Ref, host.Record.Ref)
            ? null
            : SrMethods.Plugged(pool.Database, sr).Select(pool.HostOf).FirstOrDefault(h => h is { Answers: true });
}
