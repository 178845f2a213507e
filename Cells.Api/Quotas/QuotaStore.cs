using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Quotas;

/// <summary>A project's limits, and what counts against them.</summary>
internal sealed record QuotaStanding(QuotaLimits Limits, QuotaUsage Used)
{
    public int ServerGroups { get; init; }
}

internal sealed class QuotaStore(ICellDatabase database)
{
    private static readonly string StandingSql = $"""
        select coalesce(q.instances, {QuotaLimits.Default.Instances}),
               coalesce(q.cores, {QuotaLimits.Default.Cores}),
               coalesce(q.ram_mib, {QuotaLimits.Default.RamMib}),
               coalesce(q.key_pairs, {QuotaLimits.Default.KeyPairs}),
               coalesce(q.metadata_items, {QuotaLimits.Default.MetadataItems}),
               coalesce(q.server_groups, {QuotaLimits.Default.ServerGroups}),
               coalesce(q.server_group_members, {QuotaLimits.Default.ServerGroupMembers}),
               used.instances, used.cores, used.ram_mib,
               (select count(*)::integer from server_group as g where g.project_id = q.project_id)
          from project_quota as q
         cross join lateral (
               select count(*)::integer as instances,
                      coalesce(sum(i.vcpus), 0)::integer as cores,
                      coalesce(sum(i.memory_mib), 0)::bigint as ram_mib
                 from instance_intent as i
                where i.project_id = q.project_id
                  and i.terminated_at is null) as used
         where q.project_id = @project
        """;

    private static readonly string UserStandingSql = $"""
        select coalesce(u.instances, q.instances, {QuotaLimits.Default.Instances}),
               coalesce(u.cores, q.cores, {QuotaLimits.Default.Cores}),
               coalesce(u.ram_mib, q.ram_mib, {QuotaLimits.Default.RamMib}),
               coalesce(q.key_pairs, {QuotaLimits.Default.KeyPairs}),
               coalesce(q.metadata_items, {QuotaLimits.Default.MetadataItems}),
               coalesce(q.server_groups, {QuotaLimits.Default.ServerGroups}),
               coalesce(q.server_group_members, {QuotaLimits.Default.ServerGroupMembers}),
               used.instances, used.cores, used.ram_mib,
               (select count(*)::integer from server_group as g where g.project_id = q.project_id and g.user_id = @user)
          from project_quota as q
          left join user_quota as u on u.project_id = q.project_id
           and u.user_id = @user
         cross join lateral (
               select count(*)::integer as instances,
                      coalesce(sum(i.vcpus), 0)::integer as cores,
                      coalesce(sum(i.memory_mib), 0)::bigint as ram_mib
                 from instance_intent as i
                where i.project_id = q.project_id
                  and i.user_id = @user
                  and i.terminated_at is null) as used
         where q.project_id = @project
        """;

    /// <summary>Of one user within a project: the user's limits where there are some, else the project's. Null when there is no such project.</summary>
    public Task<QuotaStanding?> UserStandingAsync(ProjectId project, UserId user, CancellationToken stop) => database.OneAsync(
        "quota of a user", UserStandingSql, [Reads.Uuid("project", project.Value), Reads.Uuid("user", user.Value)], ToStanding, stop);

    /// <summary>Null when there is no such project.</summary>
    public Task<QuotaStanding?> StandingAsync(ProjectId project, CancellationToken stop) => database.OneAsync(
        "quota of a project", StandingSql, [Reads.Uuid("project", project.Value)], ToStanding, stop);

    private static QuotaStanding ToStanding(NpgsqlDataReader row) => new(
        new QuotaLimits(row.GetInt32(0), row.GetInt32(1), row.GetInt64(2), row.GetInt32(3), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6)),
        new QuotaUsage(row.GetInt32(7), row.GetInt32(8), row.GetInt64(9)))
    {
        ServerGroups = row.GetInt32(10),
    };
}
