using Cells.Chaos.Workloads;

namespace Cells.Chaos.Invariants;

/// <summary>I1: an accepted request ends: in a state without a task, as ERROR with a reason, or deleted.</summary>
internal sealed class RequestsEnd : Invariant
{
    public override string Name => "I1";

    protected override IEnumerable<string> Stories(Picture picture)
    {
        foreach (var server in picture.Servers)
        {
            if (server.CreateStatus <= 0)
                yield return $"The create of {server.Name} was never answered.";
            else if (server.Id is null)
                continue;                                   // refused
            else if (server.DeleteAsked && !server.IsGone)
                yield return $"Server {server.Name} ({server.Id}) was deleted and is still there: {server.Seen}, task {server.Task ?? "none"}.";
            else if (!server.IsSettled)
                yield return $"Server {server.Name} ({server.Id}) did not come to an end: {server.Seen ?? "never seen"}, task {server.Task ?? "none"}.";
            else if (server is { Seen: "ERROR", Fault: null or "" })
                yield return $"Server {server.Name} ({server.Id}) is in ERROR without a reason.";
        }
    }
}
