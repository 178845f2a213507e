using Cells.Chaos.Tree;

namespace Cells.Chaos.Invariants;

/// <summary>I4: no project has more than its quota, and exactly the servers that its clients know count against it.</summary>
internal sealed class QuotaIsExact : Invariant
{
    public override string Name => "I4";

    protected override IEnumerable<string> Stories(Picture picture)
    {
        foreach (var project in WorldThings.Projects)
        {
            var counted = picture.Intents.Count(intent => intent.Project == project && !intent.Terminated);
            var known = picture.Servers.Count(server => server.Project == project && server.Id is not null && !server.IsGone);
            if (counted > WorldThings.QuotaInstances)
                yield return $"Project {project} has {counted} servers; its quota is {WorldThings.QuotaInstances}.";
            if (counted != known)
                yield return $"Project {project} is charged for {counted} servers; its clients know {known}.";
        }
    }
}
