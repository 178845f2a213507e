using Cells.Api.Storage;
using NpgsqlTypes;

namespace Cells.Api.Nova;

/// <summary>The order of a server list. Keys of the view sort in memory, over all rows that match; the default and the common ones in the database.</summary>
/// <param name="Rows">For the database; also the order in which rows are read when the view's keys come after.</param>
/// <param name="ByView">Null unless a key of the view is asked for; then the whole order.</param>
internal sealed record ServerOrder(Keyset Rows, IComparer<Server>? ByView)
{
    // Each key of Nova's list, as an expression over the intent's row; null where it is the same for every server here.
    private static readonly SortedDictionary<string, (string? Expression, NpgsqlDbType Type)> RowKeys = new(StringComparer.Ordinal)
    {
        ["access_ip_v4"] = ("coalesce(i.access_ip_v4, '')", NpgsqlDbType.Text),
        ["access_ip_v6"] = ("coalesce(i.access_ip_v6, '')", NpgsqlDbType.Text),
        ["auto_disk_config"] = ("i.disk_config", NpgsqlDbType.Text),
        ["availability_zone"] = ("coalesce(i.availability_zone, '')", NpgsqlDbType.Text),
        ["config_drive"] = default,
        ["created_at"] = ("i.created_at", NpgsqlDbType.TimestampTz),
        ["display_description"] = ("coalesce(i.description, '')", NpgsqlDbType.Text),
        ["display_name"] = ("i.name", NpgsqlDbType.Text),
        ["hostname"] = ("i.hostname", NpgsqlDbType.Text),
        ["id"] = ("i.id", NpgsqlDbType.Uuid),
        ["image_ref"] = ("i.image_id", NpgsqlDbType.Uuid),
        ["instance_type_id"] = ("i.flavor_id", NpgsqlDbType.Text),
        ["kernel_id"] = default,
        ["key_name"] = ("coalesce(i.key_name, '')", NpgsqlDbType.Text),
        ["launch_index"] = ("i.launch_index", NpgsqlDbType.Integer),
        ["locked"] = ("(i.locked_by is not null)", NpgsqlDbType.Boolean),
        ["locked_by"] = ("coalesce(i.locked_by, '')", NpgsqlDbType.Text),
        ["project_id"] = ("i.project_id", NpgsqlDbType.Uuid),
        ["ramdisk_id"] = default,
        ["root_device_name"] = default,
        ["user_id"] = ("i.user_id", NpgsqlDbType.Uuid),
        ["uuid"] = ("i.id", NpgsqlDbType.Uuid),
    };

    private static readonly SortedDictionary<string, Func<Server, IComparable?>> ViewKeys = new(StringComparer.Ordinal)
    {
        ["host"] = server => server.View.HostName,
        ["launched_at"] = server => server.View.LaunchedAt,
        ["node"] = server => server.View.HostName,
        ["power_state"] = server => (int)server.View.PowerState,
        ["progress"] = server => ServerDetail.Progress(server.View),
        ["task_state"] = server => server.View.TaskState.ToString(),
        ["terminated_at"] = server => server.View.TerminatedAt,
        ["updated_at"] = server => server.View.UpdatedAt,
        ["vm_state"] = server => server.View.VmState.ToString(),
    };

    public static readonly ServerOrder Default = Of([], out _)!;

    /// <summary>Null for a key that does not exist; then <paramref name="problem"/> names it.</summary>
    public static ServerOrder? Of(IReadOnlyList<(string Name, bool Ascending)> asked, out string? problem)
    {
        problem = asked.FirstOrDefault(key => !RowKeys.ContainsKey(key.Name) && !ViewKeys.ContainsKey(key.Name)).Name is { } unknown
            ? $"Sort key supplied is invalid: {unknown}" : null;
        if (problem is not null)
            return null;
        // Nova's own last keys; newest first unless the first key asked for says otherwise.
        var ascending = asked.Count > 0 && asked[0].Ascending;
        var keys = asked.Append(("created_at", ascending)).Append(("id", ascending))
            .Where(key => ViewKeys.ContainsKey(key.Item1) || RowKeys[key.Item1].Expression is not null)
            .DistinctBy(key => ViewKeys.ContainsKey(key.Item1) ? key.Item1 : RowKeys[key.Item1].Expression)
            .ToList();
        var rows = new Keyset([.. keys.Where(key => !ViewKeys.ContainsKey(key.Item1))
            .Select(key => new SortKey(RowKeys[key.Item1].Expression!, RowKeys[key.Item1].Type, key.Item2))]);
        return new ServerOrder(rows, keys.Any(key => ViewKeys.ContainsKey(key.Item1)) ? Comparison(keys) : null);
    }

    private static Comparer<Server> Comparison(IReadOnlyList<(string Name, bool Ascending)> keys) => Comparer<Server>.Create((a, b) =>
    {
        foreach (var (name, ascending) in keys)
        {
            var difference = Compare(ValueOf(name, a), ValueOf(name, b));
            if (difference != 0)
                return ascending ? difference : -difference;
        }
        return 0;
    });

    // Absent sorts first, as the empty string does in the database's keys.
    private static int Compare(IComparable? a, IComparable? b) => (a, b) switch
    {
        (null, null) => 0,
        (null, _) => -1,
        (_, null) => 1,
        (string left, string right) => string.CompareOrdinal(left, right),
        _ => a.CompareTo(b),
    };

    private static IComparable? ValueOf(string name, Server server) => ViewKeys.TryGetValue(name, out var key) ? key(server) : name switch
    {
        "access_ip_v4" => server.Intent.AccessIpV4,
        "access_ip_v6" => server.Intent.AccessIpV6,
        "auto_disk_config" => server.Intent.DiskConfig,
        "availability_zone" => server.Intent.Hints.AvailabilityZone,
        "created_at" => server.Intent.CreatedAt,
        "display_description" => server.Intent.Description,
        "hostname" => server.Intent.Hostname,
        "launch_index" => server.Intent.LaunchIndex,
        "locked" => server.Intent.Lock is not null,
        "locked_by" => server.Intent.Lock is { } by ? (by.ByAdmin ? "admin" : "owner") : null,
        "image_ref" => server.Intent.Image.Id.Value,
        "instance_type_id" => server.Intent.Flavor.Id,
        "key_name" => server.Intent.KeyName,
        "project_id" => server.Intent.Project.Value,
        "user_id" => server.Intent.User.Value,
        "id" or "uuid" => server.Intent.Id.Value,
        _ => server.Intent.Name,
    };
}
