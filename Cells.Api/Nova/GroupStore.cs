using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Nova;

/// <summary>A server group, with its members: the servers that were made in it and are wanted still.</summary>
/// <param name="Counted">Members that count against the quota: those whose deletion is not confirmed.</param>
/// <param name="IsHeld">A member is, or may be, in the cell that the group is pinned to.</param>
internal sealed record ServerGroup(
    Guid Id, ProjectId Project, UserId User, string Name, GroupPolicy Policy, int MaxPerHost, CellName? Cell, IReadOnlyList<InstanceId> Members, int Counted,
    bool IsHeld)
{
    public GroupHint Hint => new(Id, Policy, MaxPerHost);
}

internal sealed class GroupStore(ICellDatabase database)
{
    private const string Columns = """
        select g.id, g.project_id, g.user_id, g.name, g.policy, g.max_per_host, g.cell,
               array(select i.id
                       from instance_intent as i
                      where i.group_id = g.id
                        and i.terminated_at is null
                        and i.desired = 'active'
                      order by i.created_at, i.id),
               (select count(*)::integer
                  from instance_intent as i
                 where i.group_id = g.id
                   and i.terminated_at is null),
               exists (select 1
                         from instance_intent as i
                         join lateral (
                              select d.state
                                from dispatch as d
                               where d.instance = i.id
                               order by d.epoch desc
                               limit 1) as newest on newest.state not in (4, 6)
                        where i.group_id = g.id
                          and i.terminated_at is null)
          from server_group as g
        """;

    /// <summary>Oldest first.</summary>
    /// <param name="project">Null for all.</param>
    public Task<IReadOnlyList<ServerGroup>> ListAsync(ProjectId? project, int offset, int limit, CancellationToken stop) => database.ListAsync("server groups", $"""
        {Columns}
         where @project is null
            or g.project_id = @project
         order by g.created_at, g.id
        offset @offset
         limit @limit
        """, [Reads.Uuid("project", project?.Value), Reads.Integer("offset", offset), Reads.Integer("limit", limit)], ToGroup, stop);

    public Task<ServerGroup?> FindAsync(Guid id, CancellationToken stop) => database.OneAsync("server group", $"""
        {Columns}
         where g.id = @id
        """, [Reads.Uuid("id", id)], ToGroup, stop);

    private static ServerGroup ToGroup(NpgsqlDataReader row) => new(
        row.GetGuid(0), new ProjectId(row.GetGuid(1)), new UserId(row.GetGuid(2)), row.GetString(3), (GroupPolicy)row.GetInt16(4), row.GetInt32(5),
        row.TextOrNull(6) is { } cell ? CellName.Parse(cell) : null, [.. row.GetFieldValue<Guid[]>(7).Select(id => new InstanceId(id))], row.GetInt32(8),
        row.GetBoolean(9));
}
