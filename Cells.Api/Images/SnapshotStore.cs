using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Images;

/// <summary>Whose disk an image is made of, and who holds that server now.</summary>
/// <param name="Cell">As its last report says; null before there was one.</param>
internal sealed record StoredSnapshot(InstanceId Instance, long Intent, int? Keep, CellName? Cell);

/// <summary>Reads of <c>image_snapshot</c>.</summary>
internal sealed class SnapshotStore(ICellDatabase database)
{
    /// <summary>Null for an image that clients brought.</summary>
    public Task<StoredSnapshot?> FindAsync(ImageId image, CancellationToken stop) => database.OneAsync("snapshot", """
        select image_snapshot.instance, image_snapshot.intent, image_snapshot.keep, instance_observed.body ->> 'cell'
          from image_snapshot
          left join instance_observed on instance_observed.instance = image_snapshot.instance
         where image_snapshot.image_id = @image
        """, [Reads.Uuid("image", image.Value)],
        row => new StoredSnapshot(
            new InstanceId(row.GetGuid(0)), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetInt32(2), row.TextOrNull(3) is { } cell ? CellName.Parse(cell) : null), stop);

    /// <summary>A server's backups of one type that have their bytes, the newest first: image and file.</summary>
    public Task<IReadOnlyList<(ImageId Image, string File)>> BackupsAsync(InstanceId instance, string type, CancellationToken stop) =>
        database.ListAsync("backups", """
            select image.id, image.file_name
              from image
              join image_snapshot on image_snapshot.image_id = image.id
             where image_snapshot.instance = @instance
               and image_snapshot.keep is not null
               and image.properties ->> 'backup_type' = @type
               and image.file_name is not null
             order by image.created_at desc, image.id desc
            """, [Reads.Uuid("instance", instance.Value), Reads.Text("type", type)], row => (new ImageId(row.GetGuid(0)), row.GetString(1)), stop);
}
