using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>Opens a flavor that is not public to a project. Misses when there is no such flavor, when it is public, and when the project has it.</summary>
/// <param name="Made">Of the flavor from now on: a create that remembers it with other projects misses, and looks again.</param>
internal sealed record GrantFlavor(string Flavor, ProjectId Project, Guid Made) : IWrite
{
    private const string Sql = """
        with granted as (
            insert into flavor_access (flavor, project)
            select flavor.id, w.project
              from unnest(@flavors, @projects) as w (flavor, project)
              join flavor on flavor.id = w.flavor and not flavor.is_public
                on conflict do nothing
            returning flavor)
        update flavor
           set made = w.made
          from unnest(@flavors, @mades) as w (flavor, made)
          join granted on granted.flavor = w.flavor
         where flavor.id = w.flavor
        returning flavor.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<GrantFlavor>(
        "grant-flavor", 153, Sql, w => ("flavor", w.Flavor), returns: w => w.Flavor,
        Column.Text<GrantFlavor>("flavors", w => w.Flavor),
        Column.Uuid<GrantFlavor>("projects", w => w.Project.Value),
        Column.Uuid<GrantFlavor>("mades", w => w.Made));

    public WriteKind Kind => TheKind;
}

/// <summary>Closes a flavor to a project; servers keep what they ordered. Misses when the project did not have it.</summary>
/// <param name="Made">As above.</param>
internal sealed record RevokeFlavor(string Flavor, ProjectId Project, Guid Made) : IWrite
{
    private const string Sql = """
        with revoked as (
            delete from flavor_access
             using unnest(@flavors, @projects) as w (flavor, project)
             where flavor_access.flavor = w.flavor
               and flavor_access.project = w.project
            returning flavor_access.flavor)
        update flavor
           set made = w.made
          from unnest(@flavors, @mades) as w (flavor, made)
          join revoked on revoked.flavor = w.flavor
         where flavor.id = w.flavor
        returning flavor.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<RevokeFlavor>(
        "revoke-flavor", 151, Sql, w => ("flavor", w.Flavor), returns: w => w.Flavor,
        Column.Text<RevokeFlavor>("flavors", w => w.Flavor),
        Column.Uuid<RevokeFlavor>("projects", w => w.Project.Value),
        Column.Uuid<RevokeFlavor>("mades", w => w.Made));

    public WriteKind Kind => TheKind;
}
