using System.Text.Json;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Images;

/// <summary>A new image, without bytes. Misses when its id is taken.</summary>
internal sealed record InsertImage(StoredImage Image) : IWrite
{
    private const string Sql = """
        insert into image (
            id, owner, name, visibility, protected, hidden, disk_format, container_format, min_disk_gib, min_ram_mib, tags, properties,
            created_at, updated_at)
        select w.id, w.owner, w.name, w.visibility, w.protected, w.hidden, w.disk_format, w.container_format, w.min_disk_gib, w.min_ram_mib,
               w.tags, w.properties, w.created_at, w.created_at
          from unnest(@ids, @owners, @names, @visibilities, @protections, @hiddens, @disk_formats, @container_formats, @min_disks, @min_rams,
                      @tags, @properties, @times)
            as w (id, owner, name, visibility, protected, hidden, disk_format, container_format, min_disk_gib, min_ram_mib,
                  tags, properties, created_at)
            on conflict do nothing
        returning id
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertImage>(
        "insert-image", 140, Sql, w => ("image", w.Image.Id), returns: w => w.Image.Id.Value,
        Column.Uuid<InsertImage>("ids", w => w.Image.Id.Value),
        Column.Uuid<InsertImage>("owners", w => w.Image.Owner.Value),
        Column.Text<InsertImage>("names", w => w.Image.Name),
        Column.Text<InsertImage>("visibilities", w => w.Image.Visibility),
        Column.Boolean<InsertImage>("protections", w => w.Image.Protected),
        Column.Boolean<InsertImage>("hiddens", w => w.Image.Hidden),
        Column.Text<InsertImage>("disk_formats", w => w.Image.DiskFormat),
        Column.Text<InsertImage>("container_formats", w => w.Image.ContainerFormat),
        Column.Integer<InsertImage>("min_disks", w => w.Image.MinDiskGib),
        Column.Integer<InsertImage>("min_rams", w => w.Image.MinRamMib),
        Column.Json<InsertImage>("tags", w => JsonSerializer.Serialize(w.Image.Tags, ImageJson.Default.IReadOnlyListString)),
        Column.Json<InsertImage>("properties", w => JsonSerializer.Serialize(w.Image.Properties, ImageJson.Default.IReadOnlyDictionaryStringString)),
        Column.Time<InsertImage>("times", w => w.Image.CreatedAt));

    public WriteKind Kind => TheKind;
}

/// <summary>What users may change of an image. Misses when it was changed since it was read, or is gone.</summary>
/// <param name="Image">With the generation that was read.</param>
internal sealed record UpdateImage(StoredImage Image) : IWrite
{
    private const string Sql = """
        update image
           set name             = w.name,
               visibility       = w.visibility,
               protected        = w.protected,
               hidden           = w.hidden,
               disk_format      = w.disk_format,
               container_format = w.container_format,
               min_disk_gib     = w.min_disk_gib,
               min_ram_mib      = w.min_ram_mib,
               tags             = w.tags,
               properties       = w.properties,
               updated_at       = w.updated_at,
               generation       = image.generation + 1
          from unnest(@ids, @generations, @names, @visibilities, @protections, @hiddens, @disk_formats, @container_formats, @min_disks, @min_rams,
                      @tags, @properties, @times)
            as w (id, generation, name, visibility, protected, hidden, disk_format, container_format, min_disk_gib, min_ram_mib,
                  tags, properties, updated_at)
         where image.id = w.id
           and image.generation = w.generation
        returning image.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<UpdateImage>(
        "update-image", 142, Sql, w => ("image", w.Image.Id), returns: w => w.Image.Id.Value,
        Column.Uuid<UpdateImage>("ids", w => w.Image.Id.Value),
        Column.Bigint<UpdateImage>("generations", w => w.Image.Generation),
        Column.Text<UpdateImage>("names", w => w.Image.Name),
        Column.Text<UpdateImage>("visibilities", w => w.Image.Visibility),
        Column.Boolean<UpdateImage>("protections", w => w.Image.Protected),
        Column.Boolean<UpdateImage>("hiddens", w => w.Image.Hidden),
        Column.Text<UpdateImage>("disk_formats", w => w.Image.DiskFormat),
        Column.Text<UpdateImage>("container_formats", w => w.Image.ContainerFormat),
        Column.Integer<UpdateImage>("min_disks", w => w.Image.MinDiskGib),
        Column.Integer<UpdateImage>("min_rams", w => w.Image.MinRamMib),
        Column.Json<UpdateImage>("tags", w => JsonSerializer.Serialize(w.Image.Tags, ImageJson.Default.IReadOnlyListString)),
        Column.Json<UpdateImage>("properties", w => JsonSerializer.Serialize(w.Image.Properties, ImageJson.Default.IReadOnlyDictionaryStringString)),
        Column.Time<UpdateImage>("times", w => w.Image.UpdatedAt));

    public WriteKind Kind => TheKind;
}

/// <summary>The bytes are there: the image is active from now on. Misses when another upload was faster, or the image is gone.</summary>
internal sealed record SetImageData(ImageId Id, ImageData Data, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        update image
           set file_name  = w.file_name,
               size_bytes = w.size_bytes,
               md5        = w.md5,
               sha256     = w.sha256,
               sha512     = w.sha512,
               updated_at = w.at,
               generation = image.generation + 1
          from unnest(@ids, @files, @sizes, @md5s, @sha256s, @sha512s, @times) as w (id, file_name, size_bytes, md5, sha256, sha512, at)
         where image.id = w.id
           and image.file_name is null
        returning image.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<SetImageData>(
        "set-image-data", 144, Sql, w => ("image", w.Id), returns: w => w.Id.Value,
        Column.Uuid<SetImageData>("ids", w => w.Id.Value),
        Column.Text<SetImageData>("files", w => w.Data.FileName),
        Column.Bigint<SetImageData>("sizes", w => w.Data.SizeBytes),
        Column.Text<SetImageData>("md5s", w => w.Data.Md5),
        Column.Text<SetImageData>("sha256s", w => w.Data.Sha256),
        Column.Text<SetImageData>("sha512s", w => w.Data.Sha512),
        Column.Time<SetImageData>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes an image. Misses when it is protected or gone.</summary>
internal sealed record DeleteImage(ImageId Id) : IWrite
{
    private const string Sql = """
        delete from image
         using unnest(@ids) as w (id)
         where image.id = w.id
           and not image.protected
        returning image.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeleteImage>(
        "delete-image", 146, Sql, w => ("image", w.Id), returns: w => w.Id.Value,
        Column.Uuid<DeleteImage>("ids", w => w.Id.Value));

    public WriteKind Kind => TheKind;
}
