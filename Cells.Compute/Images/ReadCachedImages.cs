using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Compute.Images;

/// <summary>Reads the cached images back at the start.</summary>
internal static class ReadCachedImages
{
    private const string Sql = """
        select image_id, sr_id, pool_id, vdi_uuid, state, sha256
          from cached_image
         order by image_id, sr_id
        """;

    public static Task<IReadOnlyList<CachedImage>> AllAsync(ICellDatabase database, CancellationToken stop) =>
        database.ReadAsync("cached images", ReadAsync, stop);

    private static async Task<IReadOnlyList<CachedImage>> ReadAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Sql;
        await using var r = await command.ExecuteReaderAsync(stop);
        var rows = new List<CachedImage>();
        while (await r.ReadAsync(stop))
            rows.Add(new CachedImage(
                new ImageId(r.GetGuid(0)), new SrId(r.GetGuid(1)), new PoolId(r.GetGuid(2)), r.IsDBNull(3) ? null : r.GetGuid(3),
                (CachedImageState)r.GetInt16(4), r.GetString(5)));
        return rows;
    }
}
