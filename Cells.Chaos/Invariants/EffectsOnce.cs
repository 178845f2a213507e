namespace Cells.Chaos.Invariants;

/// <summary>
/// I7: each accepted request had its effect exactly once, and none was had by a request that was refused. The order of what clients saw is checked
/// as they look (<see cref="Workloads.Clients"/>).
/// </summary>
internal sealed class EffectsOnce : Invariant
{
    public override string Name => "I7";

    protected override IEnumerable<string> Stories(Picture picture)
    {
        var byName = picture.Intents.ToLookup(intent => intent.Name, StringComparer.Ordinal);
        foreach (var server in picture.Servers)
        {
            var intents = byName[server.Name].ToList();
            var expected = server.CreateStatus == 202 ? 1 : 0;
            if (intents.Count != expected)
            {
                yield return $"The create of {server.Name} was answered {server.CreateStatus} and made {intents.Count} servers.";
                continue;
            }
            if (expected == 0)
                continue;
            var intent = intents[0];
            if (server.DeleteAccepted != (intent.Desired == "deleted"))
                yield return $"Server {server.Name}: its delete was {(server.DeleteAccepted ? "" : "not ")}accepted, and its intent is '{intent.Desired}'.";
            var least = 1 + server.ActionsAccepted + (intent.Desired == "deleted" ? 1 : 0);
            if (intent.Number < least || intent.Number > least + server.ActionsUnknown)
                yield return $"Server {server.Name}: after one create, {server.ActionsAccepted} actions{(server.DeleteAccepted ? " and one delete" : "")} "
                    + $"({server.ActionsUnknown} more may have been accepted) its intent has number {intent.Number}.";
        }
    }
}
