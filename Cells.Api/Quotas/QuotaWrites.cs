using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Quotas;

/// <summary>
/// Locks the project's quota row. It stands in every change with a <see cref="ChargeQuota"/> and comes in an earlier statement: under read
/// committed the count then sees everything that was committed before the lock was had, by whichever node.
/// </summary>
public sealed record LockProject(ProjectId Project) : IWrite
{
    private const string Sql = """
        select project_id
          from project_quota
         where project_id = any(@projects)
         order by project_id
           for no key update
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<LockProject>(
        "lock-project", 100, Sql,
        Column.Uuid<LockProject>("projects", w => w.Project.Value));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// The guard of a create: what the project has and what is asked stays within its limits. Writes nothing; what is asked is charged by the
/// intents of the same change, as rows. Several charges of one project in a group are judged in their order, each on top of those that passed.
/// Always together with <see cref="LockProject"/>.
/// </summary>
/// <param name="MetadataItems">On each of the servers.</param>
public sealed record ChargeQuota(ProjectId Project, QuotaUsage Asked, int MetadataItems) : IWrite
{
    private static readonly WriteKind TheKind = new GuardKind();

    public WriteKind Kind => TheKind;

    private sealed class GuardKind() : WriteKind("charge-quota", 160)
    {
        // Without any limit nothing is counted: a project of a hundred thousand servers pays for its count only where one matters.
        private static readonly string Sql = $"""
            select q.project_id, q.instances, q.cores, q.ram_mib, q.metadata_items,
                   used.instances, used.cores, used.ram_mib
              from (select p.project_id,
                           coalesce(p.instances, c.instances, {QuotaLimits.Default.Instances}) as instances,
                           coalesce(p.cores, c.cores, {QuotaLimits.Default.Cores}) as cores,
                           coalesce(p.ram_mib, c.ram_mib, {QuotaLimits.Default.RamMib}) as ram_mib,
                           coalesce(p.metadata_items, c.metadata_items, {QuotaLimits.Default.MetadataItems}) as metadata_items
                      from project_quota as p
                      left join quota_class as c on c.name = 'default'
                     where p.project_id = any(@projects)) as q
             cross join lateral (
                   select count(*)::integer as instances,
                          coalesce(sum(greatest(i.vcpus, i.other_vcpus)), 0)::integer as cores,
                          coalesce(sum(greatest(i.memory_mib, i.other_memory_mib)), 0)::bigint as ram_mib
                     from instance_intent as i
                    where i.project_id = q.project_id
                      and i.terminated_at is null
                      and greatest(q.instances, q.cores, q.ram_mib) >= 0) as used
            """;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            Column.Fill(command, Sql, [Column.Uuid<ChargeQuota>("projects", w => w.Project.Value)], [.. writes.Cast<ChargeQuota>()]);
        }

        public override async Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop)
        {
            var standing = new Dictionary<Guid, (QuotaLimits Limits, QuotaUsage Used)>();
            while (await answer.ReadAsync(stop))
            {
                standing[answer.GetGuid(0)] = (
                    QuotaLimits.Default with
                    {
                        Instances = answer.GetInt32(1), Cores = answer.GetInt32(2), RamMib = answer.GetInt64(3), MetadataItems = answer.GetInt32(4),
                    },
                    new QuotaUsage(answer.GetInt32(5), answer.GetInt32(6), answer.GetInt64(7)));
            }
            return Judge([.. writes.Cast<ChargeQuota>()], standing);
        }
    }

    /// <summary>The indexes of those that do not fit, each judged on top of those before it that do. A project that is not there has no room.</summary>
    internal static IReadOnlyList<int> Judge(IReadOnlyList<ChargeQuota> charges, IReadOnlyDictionary<Guid, (QuotaLimits Limits, QuotaUsage Used)> standing)
    {
        var used = standing.ToDictionary(project => project.Key, project => project.Value.Used);
        var missed = new List<int>();
        for (var i = 0; i < charges.Count; i++)
        {
            var charge = charges[i];
            if (standing.TryGetValue(charge.Project.Value, out var project)
                && QuotaLimits.Covers(project.Limits.MetadataItems, charge.MetadataItems)
                && charge.Asked.FitsOn(used[charge.Project.Value], project.Limits))
                used[charge.Project.Value] += charge.Asked;
            else
                missed.Add(i);
        }
        return missed;
    }
}

/// <summary>Other limits for a project; those left null stay as they are. Misses when there is no such project.</summary>
internal sealed record SetQuota(
    ProjectId Project, int? Instances, int? Cores, long? RamMib, int? KeyPairs, int? MetadataItems, int? ServerGroups, int? ServerGroupMembers) : IWrite
{
    private const string Sql = """
        update project_quota
           set instances            = coalesce(w.instances, project_quota.instances),
               cores                = coalesce(w.cores, project_quota.cores),
               ram_mib              = coalesce(w.ram_mib, project_quota.ram_mib),
               key_pairs            = coalesce(w.key_pairs, project_quota.key_pairs),
               metadata_items       = coalesce(w.metadata_items, project_quota.metadata_items),
               server_groups        = coalesce(w.server_groups, project_quota.server_groups),
               server_group_members = coalesce(w.server_group_members, project_quota.server_group_members),
               generation           = project_quota.generation + 1
          from unnest(@projects, @instances, @cores, @rams, @key_pairs, @metadata_items, @server_groups, @server_group_members)
            as w (project_id, instances, cores, ram_mib, key_pairs, metadata_items, server_groups, server_group_members)
         where project_quota.project_id = w.project_id
        returning project_quota.project_id
        """;

    private static readonly WriteKind TheKind = new StatementKind<SetQuota>(
        "set-quota", 124, Sql, w => ("project_quota", w.Project), returns: w => w.Project.Value,
        Column.Uuid<SetQuota>("projects", w => w.Project.Value),
        Column.Integer<SetQuota>("instances", w => w.Instances),
        Column.Integer<SetQuota>("cores", w => w.Cores),
        Column.Bigint<SetQuota>("rams", w => w.RamMib),
        Column.Integer<SetQuota>("key_pairs", w => w.KeyPairs),
        Column.Integer<SetQuota>("metadata_items", w => w.MetadataItems),
        Column.Integer<SetQuota>("server_groups", w => w.ServerGroups),
        Column.Integer<SetQuota>("server_group_members", w => w.ServerGroupMembers));

    public WriteKind Kind => TheKind;
}

/// <summary>Back to the cell's defaults.</summary>
internal sealed record ResetQuota(ProjectId Project) : IWrite
{
    private const string Sql = """
        update project_quota
           set instances            = null,
               cores                = null,
               ram_mib              = null,
               key_pairs            = null,
               metadata_items       = null,
               server_groups        = null,
               server_group_members = null,
               generation           = project_quota.generation + 1
          from unnest(@projects) as w (project_id)
         where project_quota.project_id = w.project_id
        returning project_quota.project_id
        """;

    private static readonly WriteKind TheKind = new StatementKind<ResetQuota>(
        "reset-quota", 126, Sql, w => ("project_quota", w.Project), returns: w => w.Project.Value,
        Column.Uuid<ResetQuota>("projects", w => w.Project.Value));

    public WriteKind Kind => TheKind;
}

/// <summary>Other limits for a class; those left null stay as they are.</summary>
internal sealed record SetQuotaClass(
    string Name, int? Instances, int? Cores, long? RamMib, int? KeyPairs, int? MetadataItems, int? ServerGroups, int? ServerGroupMembers) : IWrite
{
    private const string Sql = """
        insert into quota_class as c (name, instances, cores, ram_mib, key_pairs, metadata_items, server_groups, server_group_members)
        select w.name, w.instances, w.cores, w.ram_mib, w.key_pairs, w.metadata_items, w.server_groups, w.server_group_members
          from unnest(@names, @instances, @cores, @rams, @key_pairs, @metadata_items, @server_groups, @server_group_members)
            as w (name, instances, cores, ram_mib, key_pairs, metadata_items, server_groups, server_group_members)
            on conflict (name) do update
           set instances            = coalesce(excluded.instances, c.instances),
               cores                = coalesce(excluded.cores, c.cores),
               ram_mib              = coalesce(excluded.ram_mib, c.ram_mib),
               key_pairs            = coalesce(excluded.key_pairs, c.key_pairs),
               metadata_items       = coalesce(excluded.metadata_items, c.metadata_items),
               server_groups        = coalesce(excluded.server_groups, c.server_groups),
               server_group_members = coalesce(excluded.server_group_members, c.server_group_members)
        returning c.name
        """;

    private static readonly WriteKind TheKind = new StatementKind<SetQuotaClass>(
        "set-quota-class", 138, Sql, w => ("quota_class", w.Name), returns: w => w.Name,
        Column.Text<SetQuotaClass>("names", w => w.Name),
        Column.Integer<SetQuotaClass>("instances", w => w.Instances),
        Column.Integer<SetQuotaClass>("cores", w => w.Cores),
        Column.Bigint<SetQuotaClass>("rams", w => w.RamMib),
        Column.Integer<SetQuotaClass>("key_pairs", w => w.KeyPairs),
        Column.Integer<SetQuotaClass>("metadata_items", w => w.MetadataItems),
        Column.Integer<SetQuotaClass>("server_groups", w => w.ServerGroups),
        Column.Integer<SetQuotaClass>("server_group_members", w => w.ServerGroupMembers));

    public WriteKind Kind => TheKind;
}
