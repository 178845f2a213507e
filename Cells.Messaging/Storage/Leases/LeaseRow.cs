using Npgsql;

namespace Cells.Messaging.Storage.Leases;

/// <summary>A lease as it stands in the database.</summary>
public sealed record LeaseRow(Guid? Holder, Guid? Directory, long Epoch, long Counter)
{
    /// <summary>There is no row yet: free.</summary>
    public static readonly LeaseRow None = new(Holder: null, Directory: null, Epoch: 0, Counter: 0);

    /// <returns><see cref="None"/> when nobody ever had the lease.</returns>
    public static async Task<LeaseRow> ReadAsync(NpgsqlConnection connection, string name, CancellationToken stop)
    {
        await using var select = new NpgsqlCommand("""
            select holder, directory, epoch, counter
              from lease
             where name = @name
            """, connection);
        select.Parameters.AddWithValue("name", name);
        await using var rows = await select.ExecuteReaderAsync(stop);
        return await rows.ReadAsync(stop)
            ? new LeaseRow(Uuid(rows, 0), Uuid(rows, 1), rows.GetInt64(2), rows.GetInt64(3))
            : None;
    }

    private static Guid? Uuid(NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetGuid(column);
}
