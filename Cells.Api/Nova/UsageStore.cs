using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Nova;

/// <summary>One server's share of a usage: what it had, and for how much of the time that was asked about.</summary>
/// <param name="LaunchedAt">When it first ran, by its cell's clock.</param>
/// <param name="TerminatedAt">When nothing was left of it; null while something is.</param>
internal sealed record ServerUsage(
    InstanceId Id, string Name, ProjectId Project, string FlavorName, int Vcpus, long MemoryMib, long DiskGib, VmState State, DateTimeOffset LaunchedAt,
    DateTimeOffset? TerminatedAt)
{
    public double Hours(DateTimeOffset start, DateTimeOffset end)
    {
        var (from, to) = (LaunchedAt > start ? LaunchedAt : start, TerminatedAt is { } at && at < end ? at : end);
        return Math.Max(0, (to - from).TotalHours);
    }
}

internal sealed class UsageStore(ICellDatabase database)
{
    /// <summary>Servers that ran at some time between the two, by id. A function of rows: nothing is counted on the side.</summary>
    /// <param name="project">Null for all.</param>
    /// <param name="marker">Only ids after it; null for all.</param>
    public Task<IReadOnlyList<ServerUsage>> ReadAsync(
        ProjectId? project, DateTimeOffset start, DateTimeOffset end, InstanceId? marker, int? limit, CancellationToken stop) => database.ListAsync("usage", """
        select i.id, i.name, i.project_id, i.flavor_name, i.vcpus, i.memory_mib, i.disk_gib, (o.body ->> 'vm_state')::smallint,
               (o.body ->> 'launched_at')::timestamptz as launched_at, i.terminated_at
          from instance_intent as i
          join instance_observed as o on o.instance = i.id
         where (@project is null or i.project_id = @project)
           and (@marker is null or i.id > @marker)
           and (o.body ->> 'launched_at')::timestamptz < @end
           and (i.terminated_at is null or i.terminated_at > @start)
         order by i.id
         limit @limit
        """,
        [
            Reads.Uuid("project", project?.Value), Reads.Uuid("marker", marker?.Value), Reads.Time("start", start), Reads.Time("end", end),
            Reads.Integer("limit", limit),
        ], ToUsage, stop);

    private static ServerUsage ToUsage(NpgsqlDataReader row) => new(
        new InstanceId(row.GetGuid(0)), row.GetString(1), new ProjectId(row.GetGuid(2)), row.GetString(3), row.GetInt32(4), row.GetInt64(5), row.GetInt64(6),
        (VmState)row.GetInt16(7), row.Time(8), row.TimeOrNull(9));
}
