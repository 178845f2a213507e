using System.Collections.Concurrent;
using System.Text.Json;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Api.Images;

/// <summary>Which images a list shows.</summary>
/// <param name="Seer">Whose images are seen beside the public ones; null for an admin, who sees all.</param>
/// <param name="Status">queued (no bytes yet) or active; null for both.</param>
internal sealed record ImageFilter(
    ProjectId? Seer,
    IReadOnlyList<Guid>? Ids,
    IReadOnlyList<string>? Names,
    string? Status,
    string? Visibility,
    Guid? Owner,
    bool? Protected,
    bool Hidden,
    string? DiskFormat,
    string? ContainerFormat,
    IReadOnlyList<string> Tags,
    IReadOnlyDictionary<string, string> Properties);

/// <summary>Reads of images.</summary>
internal sealed class ImageStore(ICellDatabase database)
{
    private const string Columns = """
        select id, owner, name, visibility, protected, hidden, disk_format, container_format, min_disk_gib, min_ram_mib, tags, properties,
               file_name, size_bytes, md5, sha256, sha512, created_at, updated_at, generation
          from image
        """;

    private const string Matches = """
        (@seer is null or owner = @seer or visibility = 'public' or (visibility = 'community' and (@visibility = 'community' or @ids is not null)))
           and (@ids is null or id = any(@ids))
           and (@names is null or name = any(@names))
           and (@active is null or (file_name is not null) = @active)
           and (@visibility is null or visibility = @visibility)
           and (@owner is null or owner = @owner)
           and (@protected is null or protected = @protected)
           and hidden = @hidden
           and (@disk_format is null or disk_format = @disk_format)
           and (@container_format is null or container_format = @container_format)
           and tags @> @tags
           and properties @> @properties
        """;

    private static readonly SortedDictionary<string, (string Expression, NpgsqlDbType Type)> SortExpressions = new(StringComparer.Ordinal)
    {
        ["name"] = ("coalesce(name, '')", NpgsqlDbType.Text),
        ["status"] = ("(file_name is not null)", NpgsqlDbType.Boolean),
        ["disk_format"] = ("coalesce(disk_format, '')", NpgsqlDbType.Text),
        ["container_format"] = ("coalesce(container_format, '')", NpgsqlDbType.Text),
        ["size"] = ("coalesce(size_bytes, -1)", NpgsqlDbType.Bigint),
        ["id"] = ("id", NpgsqlDbType.Uuid),
        ["created_at"] = ("created_at", NpgsqlDbType.TimestampTz),
        ["updated_at"] = ("updated_at", NpgsqlDbType.TimestampTz),
    };

    private readonly ConcurrentDictionary<ImageId, StoredImage> _whole = new();

    public static IEnumerable<string> SortNames => SortExpressions.Keys;

    public static Keyset Order(IEnumerable<(string Name, bool Ascending)> asked)
    {
        var keys = asked.ToList();
        foreach (var name in new[] { "created_at", "id" })
        {
            if (keys.All(key => key.Name != name))
                keys.Add((name, keys.Count > 0 && keys[0].Ascending));
        }
        return new Keyset([.. keys.Select(key => new SortKey(SortExpressions[key.Name].Expression, SortExpressions[key.Name].Type, key.Ascending))]);
    }

    public Task<StoredImage?> FindAsync(ImageId id, CancellationToken stop) => database.OneAsync("image", $"""
        {Columns}
         where id = @id
        """, [Reads.Uuid("id", id.Value)], ToImage, stop);

    /// <summary>
    /// An active image for a build, remembered: its bytes never change, and the insert of the intent is guarded by its being there. What else is
    /// remembered of it may be a few changes old.
    /// </summary>
    public async Task<StoredImage?> FindActiveAsync(ImageId id, CancellationToken stop)
    {
        if (_whole.TryGetValue(id, out var known))
            return known;
        if (await FindAsync(id, stop) is not { Data: not null } image)
            return null;
        if (_whole.Count >= 1_000)
            _whole.Clear();
        return _whole[id] = image;
    }

    /// <summary>After the image was changed or removed, or a build was refused for want of it.</summary>
    public void Forget(ImageId id) => _whole.TryRemove(id, out _);

    /// <returns>Null when the marker is no image that the filter's seer may see.</returns>
    public async Task<IReadOnlyList<StoredImage>?> ListAsync(ImageFilter filter, Keyset order, ImageId? marker, int limit, CancellationToken stop)
    {
        IReadOnlyList<object>? values = null;
        if (marker is { } id)
        {
            values = await database.OneAsync("image list's marker", $"""
                select {order.Select}
                  from image
                 where id = @id
                   and (@seer is null or owner = @seer or visibility in ('public', 'community'))
                """, [Reads.Uuid("id", id.Value), Reads.Uuid("seer", filter.Seer?.Value)], Keyset.MarkerOf, stop);
            if (values is null)
                return null;
        }
        var (after, parameters) = order.After(values);
        return await database.ListAsync("images", $"""
            {Columns}
             where {Matches}
               and {after}
             order by {order.OrderBy}
             limit @limit
            """, [.. Parameters(filter), .. parameters, Reads.Integer("limit", limit)], ToImage, stop);
    }

    /// <summary>The names of all files that images have.</summary>
    public Task<IReadOnlyList<string>> FilesAsync(CancellationToken stop) => database.ListAsync("image files", """
        select file_name
          from image
         where file_name is not null
         order by file_name
        """, [], row => row.GetString(0), stop);

    private static IEnumerable<NpgsqlParameter> Parameters(ImageFilter filter) =>
    [
        Reads.Uuid("seer", filter.Seer?.Value),
        Reads.Uuids("ids", filter.Ids),
        Reads.Texts("names", filter.Names),
        Reads.Boolean("active", filter.Status is null ? null : filter.Status == "active"),
        Reads.Text("visibility", filter.Visibility),
        Reads.Uuid("owner", filter.Owner),
        Reads.Boolean("protected", filter.Protected),
        Reads.Boolean("hidden", filter.Hidden),
        Reads.Text("disk_format", filter.DiskFormat),
        Reads.Text("container_format", filter.ContainerFormat),
        new("tags", NpgsqlDbType.Jsonb) { Value = JsonSerializer.Serialize(filter.Tags, ImageJson.Default.IReadOnlyListString) },
        new("properties", NpgsqlDbType.Jsonb) { Value = JsonSerializer.Serialize(filter.Properties, ImageJson.Default.IReadOnlyDictionaryStringString) },
    ];

    private static StoredImage ToImage(NpgsqlDataReader row) => new(
        new ImageId(row.GetGuid(0)),
        new ProjectId(row.GetGuid(1)),
        row.TextOrNull(2),
        row.GetString(3),
        row.GetBoolean(4),
        row.GetBoolean(5),
        row.TextOrNull(6),
        row.TextOrNull(7),
        row.GetInt32(8),
        row.GetInt32(9),
        JsonSerializer.Deserialize(row.GetString(10), ImageJson.Default.IReadOnlyListString)!,
        new SortedDictionary<string, string>(
            JsonSerializer.Deserialize(row.GetString(11), ImageJson.Default.IReadOnlyDictionaryStringString)!.ToDictionary(), StringComparer.Ordinal),
        row.IsDBNull(12) ? null : new ImageData(row.GetString(12), row.GetInt64(13), row.GetString(14), row.GetString(15), row.GetString(16)),
        row.Time(17),
        row.Time(18),
        row.GetInt64(19));
}
