using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Images;

/// <summary>An image that waits for the bytes of a server's disk; in one change with the image's row and the server's intent.</summary>
/// <param name="Keep">Of a backup: so many of its type stay once it has its bytes. Null for a snapshot.</param>
internal sealed record InsertSnapshot(ImageId Image, InstanceId Instance, long Intent, int? Keep) : IWrite
{
    private const string Sql = """
        insert into image_snapshot (image_id, instance, intent, keep)
        select image_id, instance, intent, keep
          from unnest(@images, @instances, @intents, @keeps) as w (image_id, instance, intent, keep)
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<InsertSnapshot>(
        "insert-snapshot", 141, Sql,
        Column.Uuid<InsertSnapshot>("images", w => w.Image.Value),
        Column.Uuid<InsertSnapshot>("instances", w => w.Instance.Value),
        Column.Bigint<InsertSnapshot>("intents", w => w.Intent),
        Column.Integer<InsertSnapshot>("keeps", w => w.Keep));

    public WriteKind Kind => TheKind;
}

/// <summary>No bytes will come for what waits for them, so the image goes, as Nova's compute manager removes it. One that has its bytes stays.</summary>
/// <param name="Intent">Null for every intent of the server: it is gone.</param>
internal sealed record DropSnapshot(InstanceId Instance, long? Intent) : IWrite
{
    private const string Sql = """
        delete from image
         using image_snapshot, unnest(@instances, @intents) as w (instance, intent)
         where image_snapshot.image_id = image.id
           and image_snapshot.instance = w.instance
           and (w.intent is null or image_snapshot.intent = w.intent)
           and image.file_name is null
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<DropSnapshot>(
        "drop-snapshot", 147, Sql,
        Column.Uuid<DropSnapshot>("instances", w => w.Instance.Value),
        Column.Bigint<DropSnapshot>("intents", w => w.Intent));

    public WriteKind Kind => TheKind;
}
