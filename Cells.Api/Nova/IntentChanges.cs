using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>
/// Other words for a server: what no cell below needs to know. Not an intent: its number stays. What is null stays as it is. Misses when the
/// server is wanted no more, or is locked.
/// </summary>
/// <param name="OverridesLock">Who asks may change a locked server: an admin.</param>
/// <param name="Description">Taken over when <paramref name="SetsDescription"/>, null included.</param>
/// <param name="AccessIpV4">The empty text takes it away.</param>
internal sealed record DescribeServer(
    InstanceId Instance, string? Name, bool SetsDescription, string? Description, string? DiskConfig, string? AccessIpV4, string? AccessIpV6,
    DateTimeOffset At, bool OverridesLock) : IWrite
{
    private const string Sql = """
        update instance_intent
           set name         = coalesce(w.name, instance_intent.name),
               description  = case when w.sets_description then w.description else instance_intent.description end,
               disk_config  = coalesce(w.disk_config, instance_intent.disk_config),
               access_ip_v4 = nullif(coalesce(w.ip_v4, instance_intent.access_ip_v4), ''),
               access_ip_v6 = nullif(coalesce(w.ip_v6, instance_intent.access_ip_v6), ''),
               updated_at   = w.at
          from unnest(@ids, @names, @sets, @descriptions, @disk_configs, @ip_v4s, @ip_v6s, @times, @overrides)
            as w (id, name, sets_description, description, disk_config, ip_v4, ip_v6, at, overrides)
         where instance_intent.id = w.id
           and instance_intent.desired = 'active'
           and instance_intent.terminated_at is null
           and (w.overrides or instance_intent.locked_by is null)
        returning instance_intent.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DescribeServer>(
        "describe-server", 176, Sql, w => ("instance_intent", w.Instance), returns: w => w.Instance.Value,
        Column.Uuid<DescribeServer>("ids", w => w.Instance.Value),
        Column.Text<DescribeServer>("names", w => w.Name),
        Column.Boolean<DescribeServer>("sets", w => w.SetsDescription),
        Column.Text<DescribeServer>("descriptions", w => w.Description),
        Column.Text<DescribeServer>("disk_configs", w => w.DiskConfig),
        Column.Text<DescribeServer>("ip_v4s", w => w.AccessIpV4),
        Column.Text<DescribeServer>("ip_v6s", w => w.AccessIpV6),
        Column.Time<DescribeServer>("times", w => w.At),
        Column.Boolean<DescribeServer>("overrides", w => w.OverridesLock));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// Other metadata for a server, changed in the row itself, so that two who change different keys both find theirs. Misses when the server is
/// wanted no more, is locked, or would have more items than <paramref name="Limit"/>.
/// </summary>
/// <param name="OverridesLock">Who asks may change a locked server: an admin.</param>
/// <param name="Replaces">Keys that are not in <paramref name="Set"/> go.</param>
/// <param name="Remove">One key to be taken away; null for none.</param>
/// <param name="Limit">Of the project; -1 for none. Taking away is never refused by it.</param>
internal sealed record ChangeMetadata(
    InstanceId Instance, bool Replaces, IReadOnlyDictionary<string, string> Set, string? Remove, int Limit, DateTimeOffset At,
    bool OverridesLock) : IWrite
{
    private const string New = """
        ((case when w.replaces then '{}'::jsonb else instance_intent.metadata end || w.items) - coalesce(w.removed, ''))
        """;

    private const string Sql = $"""
        update instance_intent
           set metadata   = {New},
               updated_at = w.at
          from unnest(@ids, @replaces, @items, @removals, @limits, @times, @overrides) as w (id, replaces, items, removed, item_limit, at, overrides)
         where instance_intent.id = w.id
           and instance_intent.desired = 'active'
           and instance_intent.terminated_at is null
           and (w.overrides or instance_intent.locked_by is null)
           and (w.item_limit < 0 or w.items = '{"{}"}'::jsonb or (select count(*) from jsonb_object_keys({New})) <= w.item_limit)
        returning instance_intent.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<ChangeMetadata>(
        "change-metadata", 177, Sql, w => ("instance_intent", w.Instance), returns: w => w.Instance.Value,
        Column.Uuid<ChangeMetadata>("ids", w => w.Instance.Value),
        Column.Boolean<ChangeMetadata>("replaces", w => w.Replaces),
        Column.Json<ChangeMetadata>("items", w => NovaJson.Text(w.Set)),
        Column.Text<ChangeMetadata>("removals", w => w.Remove),
        Column.Integer<ChangeMetadata>("limits", w => w.Limit),
        Column.Time<ChangeMetadata>("times", w => w.At),
        Column.Boolean<ChangeMetadata>("overrides", w => w.OverridesLock));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// Other tags for a server, changed in the row itself. Misses when the server is wanted no more, is locked, or would have more than
/// <see cref="ServerTags.Most"/>.
/// </summary>
/// <param name="OverridesLock">Who asks may change a locked server: an admin.</param>
/// <param name="Replaces">All that it has go first.</param>
/// <param name="Remove">One to be taken away; null for none.</param>
internal sealed record ChangeTags(InstanceId Instance, bool Replaces, IReadOnlyList<string> Add, string? Remove, DateTimeOffset At, bool OverridesLock) : IWrite
{
    private const string New = """
        array(select distinct tag collate "C"
                from unnest(case when w.replaces then '{}' else instance_intent.tags end || string_to_array(w.added, ',')) as tag
               where tag is distinct from w.removed
               order by 1)
        """;

    private static readonly string Sql = $"""
        update instance_intent
           set tags       = {New},
               updated_at = w.at
          from unnest(@ids, @replaces, @adds, @removals, @times, @overrides) as w (id, replaces, added, removed, at, overrides)
         where instance_intent.id = w.id
           and instance_intent.desired = 'active'
           and instance_intent.terminated_at is null
           and (w.overrides or instance_intent.locked_by is null)
           and (w.added = '' or cardinality({New}) <= {ServerTags.Most})
        returning instance_intent.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<ChangeTags>(
        "change-tags", 178, Sql, w => ("instance_intent", w.Instance), returns: w => w.Instance.Value,
        Column.Uuid<ChangeTags>("ids", w => w.Instance.Value),
        Column.Boolean<ChangeTags>("replaces", w => w.Replaces),
        Column.Text<ChangeTags>("adds", w => string.Join(',', w.Add)),
        Column.Text<ChangeTags>("removals", w => w.Remove),
        Column.Time<ChangeTags>("times", w => w.At),
        Column.Boolean<ChangeTags>("overrides", w => w.OverridesLock));

    public WriteKind Kind => TheKind;
}
