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
        select coalesce(q.instances, c.instances, {QuotaLimits.Default.Instances}),
               coalesce(q.cores, c.cores, {QuotaLimits.Default.Cores}),
               coalesce(q.ram_mib, c.ram_mib, {QuotaLimits.Default.RamMib}),
               coalesce(q.key_pairs, c.key_pairs, {QuotaLimits.Default.KeyPairs}),
               coalesce(q.metadata_items, c.metadata_items, {QuotaLimits.Default.MetadataItems}),
               coalesce(q.server_groups, c.server_groups, {QuotaLimits.Default.ServerGroups}),
               coalesce(q.server_group_members, c.server_group_members, {QuotaLimits.Default.ServerGroupMembers}),
               used.instances, used.cores, used.ram_mib,
               (select count(*)::integer from server_group as g where g.project_id = q.project_id)
          from project_quota as q
          left join quota_class as c on c.name = 'default'
         cross join lateral (
               select count(*)::integer as instances,
                      coalesce(sum(greatest(i.vcpus, i.other_vcpus)), 0)::integer as cores,
                      coalesce(sum(greatest(i.memory_mib, i.other_memory_mib)), 0)::bigint as ram_mib
                 from instance_intent as i
                where i.project_id = q.project_id
                  and i.terminated_at is null) as used
         where q.project_id = @project
        """;

    private static readonly string UserStandingSql = $"""
        select coalesce(u.instances, q.instances, c.instances, {QuotaLimits.Default.Instances}),
               coalesce(u.cores, q.cores, c.cores, {QuotaLimits.Default.Cores}),
               coalesce(u.ram_mib, q.ram_mib, c.ram_mib, {QuotaLimits.Default.RamMib}),
               coalesce(q.key_pairs, c.key_pairs, {QuotaLimits.Default.KeyPairs}),
               coalesce(q.metadata_items, c.metadata_items, {QuotaLimits.Default.MetadataItems}),
               coalesce(q.server_groups, c.server_groups, {QuotaLimits.Default.ServerGroups}),
               coalesce(q.server_group_members, c.server_group_members, {QuotaLimits.Default.ServerGroupMembers}),
               used.instances, used.cores, used.ram_mib,
               (select count(*)::integer from server_group as g where g.project_id = q.project_id and g.user_id = @user)
          from project_quota as q
          left join user_quota as u on u.project_id = q.project_id
           and u.user_id = @user
          left join quota_class as c on c.name = 'default'
         cross join lateral (
               select count(*)::integer as instances,
                      coalesce(sum(greatest(i.vcpus, i.other_vcpus)), 0)::integer as cores,
                      coalesce(sum(greatest(i.memory_mib, i.other_memory_mib)), 0)::bigint as ram_mib
                 from instance_intent as i
                where i.project_id = q.project_id
                  and i.user_id = @user
                  and i.terminated_at is null) as used
         where q.project_id = @project
        """;

    private static readonly string ClassSql = $"""
        select coalesce(c.instances, {QuotaLimits.Default.Instances}),
               coalesce(c.cores, {QuotaLimits.Default.Cores}),
               coalesce(c.ram_mib, {QuotaLimits.Default.RamMib}),
               coalesce(c.key_pairs, {QuotaLimits.Default.KeyPairs}),
               coalesce(c.metadata_items, {QuotaLimits.Default.MetadataItems}),
               coalesce(c.server_groups, {QuotaLimits.Default.ServerGroups}),
               coalesce(c.server_group_members, {QuotaLimits.Default.ServerGroupMembers})
          from (values (@name)) as asked (name)
          left join quota_class as c on c.name = asked.name
        """;

    /// <summary>The limits of a class; Nova's own where it was given none. Projects without limits of their own have those of 'default'.</summary>
    public async Task<QuotaLimits> ClassAsync(string name, CancellationToken stop) =>
        await database.OneAsync("quota class", ClassSql, [Reads.Text("name", name)], ToLimits, stop) ?? QuotaLimits.Default;

    /// <summary>Of one user within a project: the user's limits where there are some, else the project's. Null when there is no such project.</summary>
    public Task<QuotaStanding?> UserStandingAsync(ProjectId project, UserId user, CancellationToken stop) => database.OneAsync(
        "quota of a user", UserStandingSql, [Reads.Uuid("project", project.Value), Reads.Uuid("user", user.Value)], ToStanding, stop);

    /// <summary>Null when there is no such project.</summary>
    public Task<QuotaStanding?> StandingAsync(ProjectId project, CancellationToken stop) => database.OneAsync(
        "quota of a project", StandingSql, [Reads.Uuid("project", project.Value)], ToStanding, stop);

    private static QuotaLimits ToLimits(NpgsqlDataReader row) =>
        new(row.GetInt32(0), row.GetInt32(1), row.GetInt64(2), row.GetInt32(3), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6));

    private static QuotaStanding ToStanding(NpgsqlDataReader row) => new(
        ToLimits(row),
        new QuotaUsage(row.GetInt32(7), row.GetInt32(8), row.GetInt64(9)))
    {
        ServerGroups = row.GetInt32(10),
    };
}
