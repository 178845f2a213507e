using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>A new server group. Misses when its project has as many as the limit; always together with LockProject.</summary>
/// <param name="Limit">-1 for none.</param>
internal sealed record InsertServerGroup(
    Guid Id, ProjectId Project, UserId User, string Name, GroupPolicy Policy, int MaxPerHost, int Limit, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        insert into server_group (id, project_id, user_id, name, policy, max_per_host, created_at)
        select w.id, w.project_id, w.user_id, w.name, w.policy, w.max_per_host, w.at
          from unnest(@ids, @projects, @users, @names, @policies, @maxima, @limits, @times)
            as w (id, project_id, user_id, name, policy, max_per_host, group_limit, at)
         where w.group_limit < 0
            or w.group_limit > (
               select count(*)
                 from server_group as g
                where g.project_id = w.project_id)
        returning id
        """;

    // One for each project in a group of writes: the count does not see its neighbours in the statement.
    private static readonly WriteKind TheKind = new StatementKind<InsertServerGroup>(
        "insert-server-group", 157, Sql, w => ("server_group", w.Project), returns: w => w.Id,
        Column.Uuid<InsertServerGroup>("ids", w => w.Id),
        Column.Uuid<InsertServerGroup>("projects", w => w.Project.Value),
        Column.Uuid<InsertServerGroup>("users", w => w.User.Value),
        Column.Text<InsertServerGroup>("names", w => w.Name),
        Column.Smallint<InsertServerGroup>("policies", w => (short)w.Policy),
        Column.Integer<InsertServerGroup>("maxima", w => w.MaxPerHost),
        Column.Integer<InsertServerGroup>("limits", w => w.Limit),
        Column.Time<InsertServerGroup>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes a group; its servers stay where they are. Misses when it is not there.</summary>
internal sealed record DeleteServerGroup(Guid Id) : IWrite
{
    private const string Sql = """
        delete from server_group
         using unnest(@ids) as w (id)
         where server_group.id = w.id
        returning server_group.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeleteServerGroup>(
        "delete-server-group", 159, Sql, w => ("server_group", w.Id), returns: w => w.Id,
        Column.Uuid<DeleteServerGroup>("ids", w => w.Id));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// So many servers more join a group. Misses when it is gone, would have more than the limit, or is pinned to another cell than was read. Always together
/// with LockProject, and before the intents that it counts.
/// </summary>
/// <param name="Limit">-1 for none.</param>
/// <param name="PinnedTo">As read.</param>
/// <param name="Pin">The compute cell that all of the group are sent to from now on; null for none.</param>
internal sealed record JoinServerGroup(Guid Id, int Count, int Limit, CellName? PinnedTo, CellName? Pin) : IWrite
{
    private const string Sql = """
        update server_group
           set cell = w.pin
          from unnest(@ids, @counts, @limits, @pinned, @pins) as w (id, count, member_limit, pinned, pin)
         where server_group.id = w.id
           and server_group.cell is not distinct from w.pinned
           and (w.member_limit < 0 or w.count + (
               select count(*)
                 from instance_intent as i
                where i.group_id = w.id
                  and i.terminated_at is null) <= w.member_limit)
        returning server_group.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<JoinServerGroup>(
        "join-server-group", 161, Sql, w => ("server_group", w.Id), returns: w => w.Id,
        Column.Uuid<JoinServerGroup>("ids", w => w.Id),
        Column.Integer<JoinServerGroup>("counts", w => w.Count),
        Column.Integer<JoinServerGroup>("limits", w => w.Limit),
        Column.Text<JoinServerGroup>("pinned", w => w.PinnedTo?.Value),
        Column.Text<JoinServerGroup>("pins", w => w.Pin?.Value));

    public WriteKind Kind => TheKind;
}
