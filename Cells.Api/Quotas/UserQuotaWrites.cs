using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Quotas;

/// <summary>
/// The guard of a create beside <see cref="ChargeQuota"/>: what the user has in the project and what is asked stays within the user's own limits. A user
/// without any passes. Several of one user in a group are judged in their order. Always together with <see cref="LockProject"/>.
/// </summary>
internal sealed record ChargeUser(ProjectId Project, UserId User, QuotaUsage Asked) : IWrite
{
    private static readonly WriteKind TheKind = new GuardKind();

    public WriteKind Kind => TheKind;

    private sealed class GuardKind() : WriteKind("charge-user", 163)
    {
        private const string Sql = """
            select u.project_id, u.user_id, coalesce(u.instances, -1), coalesce(u.cores, -1), coalesce(u.ram_mib, -1),
                   used.instances, used.cores, used.ram_mib
              from (select distinct project_id, user_id
                      from unnest(@projects, @users) as w (project_id, user_id)) as asked
              join user_quota as u on u.project_id = asked.project_id
               and u.user_id = asked.user_id
             cross join lateral (
                   select count(*)::integer as instances,
                          coalesce(sum(greatest(i.vcpus, i.other_vcpus)), 0)::integer as cores,
                          coalesce(sum(greatest(i.memory_mib, i.other_memory_mib)), 0)::bigint as ram_mib
                     from instance_intent as i
                    where i.project_id = u.project_id
                      and i.user_id = u.user_id
                      and i.terminated_at is null) as used
            """;

        private static readonly Column<ChargeUser>[] Columns =
            [Column.Uuid<ChargeUser>("projects", w => w.Project.Value), Column.Uuid<ChargeUser>("users", w => w.User.Value)];

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
            Column.Fill(command, Sql, Columns, [.. writes.Cast<ChargeUser>()]);

        public override async Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop)
        {
            var standing = new Dictionary<(Guid Project, Guid User), (QuotaLimits Limits, QuotaUsage Used)>();
            while (await answer.ReadAsync(stop))
            {
                standing[(answer.GetGuid(0), answer.GetGuid(1))] = (
                    QuotaLimits.Default with { Instances = answer.GetInt32(2), Cores = answer.GetInt32(3), RamMib = answer.GetInt64(4) },
                    new QuotaUsage(answer.GetInt32(5), answer.GetInt32(6), answer.GetInt64(7)));
            }
            return Judge([.. writes.Cast<ChargeUser>()], standing);
        }
    }

    /// <summary>The indexes of those that do not fit, each judged on top of those before it that do.</summary>
    internal static IReadOnlyList<int> Judge(
        IReadOnlyList<ChargeUser> charges, IReadOnlyDictionary<(Guid Project, Guid User), (QuotaLimits Limits, QuotaUsage Used)> standing)
    {
        var used = standing.ToDictionary(user => user.Key, user => user.Value.Used);
        var missed = new List<int>();
        for (var i = 0; i < charges.Count; i++)
        {
            var key = (charges[i].Project.Value, charges[i].User.Value);
            if (!standing.TryGetValue(key, out var user))
                continue;
            if (charges[i].Asked.FitsOn(used[key], user.Limits))
                used[key] += charges[i].Asked;
            else
                missed.Add(i);
        }
        return missed;
    }
}

/// <summary>Other limits for a user in a project; those left null stay as they are. Misses when there is no such project.</summary>
internal sealed record SetUserQuota(ProjectId Project, UserId User, int? Instances, int? Cores, long? RamMib) : IWrite
{
    private const string Sql = """
        insert into user_quota as u (project_id, user_id, instances, cores, ram_mib)
        select w.project_id, w.user_id, w.instances, w.cores, w.ram_mib
          from unnest(@projects, @users, @instances, @cores, @rams) as w (project_id, user_id, instances, cores, ram_mib)
          join project_quota on project_quota.project_id = w.project_id
            on conflict (project_id, user_id) do update
           set instances = coalesce(excluded.instances, u.instances),
               cores     = coalesce(excluded.cores, u.cores),
               ram_mib   = coalesce(excluded.ram_mib, u.ram_mib)
        returning u.user_id
        """;

    private static readonly WriteKind TheKind = new StatementKind<SetUserQuota>(
        "set-user-quota", 136, Sql, w => ("user_quota", w.User), returns: w => w.User.Value,
        Column.Uuid<SetUserQuota>("projects", w => w.Project.Value),
        Column.Uuid<SetUserQuota>("users", w => w.User.Value),
        Column.Integer<SetUserQuota>("instances", w => w.Instances),
        Column.Integer<SetUserQuota>("cores", w => w.Cores),
        Column.Bigint<SetUserQuota>("rams", w => w.RamMib));

    public WriteKind Kind => TheKind;
}

/// <summary>The user has no limits but the project's.</summary>
internal sealed record ResetUserQuota(ProjectId Project, UserId User) : IWrite
{
    private const string Sql = """
        delete from user_quota
         using unnest(@projects, @users) as w (project_id, user_id)
         where user_quota.project_id = w.project_id
           and user_quota.user_id = w.user_id
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<ResetUserQuota>(
        "reset-user-quota", 137, Sql,
        Column.Uuid<ResetUserQuota>("projects", w => w.Project.Value),
        Column.Uuid<ResetUserQuota>("users", w => w.User.Value));

    public WriteKind Kind => TheKind;
}
