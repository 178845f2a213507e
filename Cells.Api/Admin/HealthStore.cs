using Cells.Api.Storage;
using Cells.Messaging.Storage;

namespace Cells.Api.Admin;

/// <summary>Reads how this cell's own database is, and who holds its leases.</summary>
internal sealed class HealthStore(ICellDatabase database)
{
    private const string DatabaseSql = """
        select current_setting('server_version'), current_setting('server_version_num')::integer, current_setting('fsync'), current_setting('full_page_writes'),
               current_setting('synchronous_commit'), current_setting('max_connections')::integer,
               (select count(*) from pg_stat_activity where backend_type = 'client backend')::integer,
               pg_database_size(current_database()), (select last_number from change_counter)
        """;

    private const string LeaseSql = """
        select name, holder, epoch
          from lease
         order by name
        """;

    public async Task<(DatabaseHealth Database, IReadOnlyList<LeaseView> Leases)> ReadAsync(CancellationToken stop)
    {
        var health = await database.OneAsync("health of the database", DatabaseSql, [], r => new DatabaseHealth(
            r.GetString(0), r.GetInt32(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetInt32(5), r.GetInt32(6), r.GetInt64(7), r.GetInt64(8)), stop);
        var leases = await database.ListAsync("leases", LeaseSql, [], r => new LeaseView(r.GetString(0), r.IsDBNull(1) ? null : r.GetGuid(1), r.GetInt64(2)), stop);
        return (health!, leases);
    }
}

/// <summary>GET /cells/v1/health: this cell's own state.</summary>
/// <param name="Time">Its wall clock when it answered.</param>
public sealed record CellHealth(string Cell, Guid Uuid, string Kind, DateTimeOffset Time, DatabaseHealth Database, IReadOnlyList<LeaseView> Leases);

/// <summary>Settings are PostgreSQL's own words.</summary>
/// <param name="Connections">Of all clients of the server, this cell's among them.</param>
/// <param name="ChangeNumber">The cell's change counter.</param>
public sealed record DatabaseHealth(
    string Version, int VersionNumber, string Fsync, string FullPageWrites, string SynchronousCommit, int MaxConnections, int Connections, long SizeBytes, long ChangeNumber);

/// <param name="Holder">The process that holds it; null: nobody does.</param>
public sealed record LeaseView(string Name, Guid? Holder, long Epoch);
