using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Nova;

/// <summary>One resize or migration of a server: the row <c>migration</c>.</summary>
/// <param name="Number">The id that clients see.</param>
/// <param name="Status">Nova's word: accepted, migrating, finished, confirmed, reverted, completed or error.</param>
internal sealed record Migration(
    long Number, Guid Id, InstanceId Instance, string Type, ProjectId Project, UserId User, string OldFlavor, string NewFlavor, string Status,
    string? SourceHost, string? DestHost, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>Which migrations are asked for; null asks for any.</summary>
internal sealed record MigrationFilter(
    InstanceId? Instance = null, string? Type = null, string? Status = null, string? SourceHost = null, string? AnyHost = null, Guid? Project = null, Guid? User = null,
    DateTimeOffset? Since = null, DateTimeOffset? Before = null);

internal sealed class MigrationStore(ICellDatabase database)
{
    // What its cell has begun is no longer only accepted.
    private const string Sql = """
        select number, uuid, instance, type, project_id, user_id, old_flavor_id, new_flavor_id, shown, source_host, dest_host, created_at, updated_at
          from (select m.*,
                       case when m.status = 'accepted' and (o.body ->> 'working_intent')::bigint >= m.intent then 'migrating' else m.status end as shown
                  from migration as m
                  left join instance_observed as o on o.instance = m.instance) as m
        """;

    /// <summary>The newest first.</summary>
    /// <param name="after">The number of the last one of the page before; null for the first page.</param>
    public Task<IReadOnlyList<Migration>> ListAsync(MigrationFilter filter, long? after, int? limit, CancellationToken stop) => database.ListAsync("migrations", $"""
        {Sql}
         where (@instance is null or instance = @instance)
           and (@type is null or type = @type)
           and (@status is null or shown = @status)
           and (@source is null or source_host = @source)
           and (@host is null or source_host = @host or dest_host = @host)
           and (@project is null or project_id = @project)
           and (@user is null or user_id = @user)
           and (@since is null or updated_at >= @since)
           and (@before is null or updated_at <= @before)
           and (@after is null or number < @after)
         order by number desc
         limit @limit
        """,
        [
            Reads.Uuid("instance", filter.Instance?.Value), Reads.Text("type", filter.Type), Reads.Text("status", filter.Status), Reads.Text("source", filter.SourceHost),
            Reads.Text("host", filter.AnyHost), Reads.Uuid("project", filter.Project), Reads.Uuid("user", filter.User), Reads.Time("since", filter.Since),
            Reads.Time("before", filter.Before), Reads.Bigint("after", after), Reads.Integer("limit", limit),
        ], ToMigration, stop);

    public Task<Migration?> FindAsync(Guid id, CancellationToken stop) => database.OneAsync("migration", $"""
        {Sql}
         where uuid = @id
        """, [Reads.Uuid("id", id)], ToMigration, stop);

    private static Migration ToMigration(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetGuid(1), new InstanceId(row.GetGuid(2)), row.GetString(3), new ProjectId(row.GetGuid(4)), new UserId(row.GetGuid(5)),
        row.GetString(6), row.GetString(7), row.GetString(8), row.TextOrNull(9), row.TextOrNull(10), row.Time(11), row.Time(12));
}
