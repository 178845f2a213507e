using System.Text.Json;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>A new server. Misses when its flavor or its image went away since they were looked up.</summary>
public sealed record InsertIntent(InstanceIntent Intent) : IWrite
{
    private const string Sql = """
        insert into instance_intent (
            id, project_id, user_id, name, metadata, flavor_id, flavor_name, vcpus, memory_mib, disk_gib,
            image_id, image_bytes, image_sha256, image_format, key_name, availability_zone, hints, disk_config, access_ip_v4, access_ip_v6,
            reservation_id, intent_number, desired, request_id, deadline, created_at, updated_at,
            description, hostname, launch_index, tags, flavor_extra_specs, group_id)
        select w.id, w.project_id, w.user_id, w.name, w.metadata, w.flavor_id, w.flavor_name, w.vcpus, w.memory_mib, w.disk_gib,
               w.image_id, w.image_bytes, w.image_sha256, w.image_format, w.key_name, w.availability_zone, w.hints, w.disk_config,
               w.access_ip_v4, w.access_ip_v6,
               w.reservation_id, w.intent_number, 'active', w.request_id, w.deadline, w.created_at, w.created_at,
               w.description, w.hostname, w.launch_index, string_to_array(w.tags, ','), w.flavor_extra_specs, w.group_id
          from unnest(@ids, @projects, @users, @names, @metadata, @flavors, @flavor_names, @flavors_made, @vcpus, @memories, @disks,
                      @images, @image_bytes, @image_sha256s, @image_formats, @key_names, @zones, @hints, @disk_configs, @ip_v4s, @ip_v6s,
                      @reservations, @numbers, @request_ids, @deadlines, @times, @descriptions, @hostnames, @launch_indexes, @tags, @flavor_specs, @groups)
            as w (id, project_id, user_id, name, metadata, flavor_id, flavor_name, flavor_made, vcpus, memory_mib, disk_gib,
                  image_id, image_bytes, image_sha256, image_format, key_name, availability_zone, hints, disk_config, access_ip_v4, access_ip_v6,
                  reservation_id, intent_number, request_id, deadline, created_at, description, hostname, launch_index, tags, flavor_extra_specs, group_id)
          join flavor on flavor.id = w.flavor_id
           and flavor.made = w.flavor_made
          join image on image.id = w.image_id
           and image.sha256 = w.image_sha256
        returning id
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertIntent>(
        "insert-intent", 170, Sql, w => ("instance_intent", w.Intent.Id), returns: w => w.Intent.Id.Value,
        Column.Uuid<InsertIntent>("ids", w => w.Intent.Id.Value),
        Column.Uuid<InsertIntent>("projects", w => w.Intent.Project.Value),
        Column.Uuid<InsertIntent>("users", w => w.Intent.User.Value),
        Column.Text<InsertIntent>("names", w => w.Intent.Name),
        Column.Json<InsertIntent>("metadata", w => NovaJson.Text(w.Intent.Metadata)),
        Column.Text<InsertIntent>("flavors", w => w.Intent.Flavor.Id),
        Column.Text<InsertIntent>("flavor_names", w => w.Intent.Flavor.Name),
        Column.Uuid<InsertIntent>("flavors_made", w => w.Intent.FlavorMade),
        Column.Integer<InsertIntent>("vcpus", w => w.Intent.Flavor.Vcpus),
        Column.Bigint<InsertIntent>("memories", w => w.Intent.Flavor.MemoryMib),
        Column.Bigint<InsertIntent>("disks", w => w.Intent.Flavor.DiskGib),
        Column.Uuid<InsertIntent>("images", w => w.Intent.Image.Id.Value),
        Column.Bigint<InsertIntent>("image_bytes", w => w.Intent.Image.SizeBytes),
        Column.Text<InsertIntent>("image_sha256s", w => w.Intent.Image.Sha256),
        Column.Text<InsertIntent>("image_formats", w => w.Intent.Image.DiskFormat),
        Column.Text<InsertIntent>("key_names", w => w.Intent.KeyName),
        Column.Text<InsertIntent>("zones", w => w.Intent.Hints.AvailabilityZone),
        Column.Json<InsertIntent>("hints", w => JsonSerializer.Serialize(w.Intent.Hints, NovaJson.Default.PlacementHints)),
        Column.Text<InsertIntent>("disk_configs", w => w.Intent.DiskConfig),
        Column.Text<InsertIntent>("ip_v4s", w => w.Intent.AccessIpV4),
        Column.Text<InsertIntent>("ip_v6s", w => w.Intent.AccessIpV6),
        Column.Text<InsertIntent>("reservations", w => w.Intent.ReservationId),
        Column.Bigint<InsertIntent>("numbers", w => w.Intent.Number),
        Column.Text<InsertIntent>("request_ids", w => w.Intent.RequestId),
        Column.Time<InsertIntent>("deadlines", w => w.Intent.Deadline),
        Column.Time<InsertIntent>("times", w => w.Intent.CreatedAt),
        Column.Text<InsertIntent>("descriptions", w => w.Intent.Description),
        Column.Text<InsertIntent>("hostnames", w => w.Intent.Hostname),
        Column.Integer<InsertIntent>("launch_indexes", w => w.Intent.LaunchIndex),
        Column.Text<InsertIntent>("tags", w => string.Join(',', w.Intent.Tags)),
        Column.Json<InsertIntent>("flavor_specs", w => NovaJson.Text(w.Intent.Flavor.ExtraSpecs)),
        Column.Uuid<InsertIntent>("groups", w => w.Intent.Group));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// The last intent of a server: it shall be gone. Misses when the server had another intent since it was read, a delete included, or its lock was turned.
/// </summary>
/// <param name="Number">The number this delete gets: one above the one that was read.</param>
/// <param name="Lock">As it was read.</param>
public sealed record DeleteInstanceIntent(
    InstanceId Instance, ProjectId Project, long Number, string RequestId, DateTimeOffset At, DateTimeOffset Deadline, ServerLock? Lock = null) : IWrite
{
    private const string Sql = """
        update instance_intent
           set desired       = 'deleted',
               task_state    = w.task_state::smallint,
               intent_number = w.number,
               request_id    = w.request_id,
               deadline      = w.deadline,
               updated_at    = w.at
          from unnest(@ids, @numbers, @tasks, @locks, @request_ids, @times, @deadlines)
            as w (id, number, task_state, locked_by, request_id, at, deadline)
         where instance_intent.id = w.id
           and instance_intent.intent_number = w.number - 1
           and instance_intent.locked_by is not distinct from w.locked_by
           and instance_intent.desired = 'active'
           and instance_intent.terminated_at is null
        returning instance_intent.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeleteInstanceIntent>(
        "delete-instance-intent", 172, Sql, w => ("instance_intent", w.Instance), returns: w => w.Instance.Value,
        Column.Uuid<DeleteInstanceIntent>("ids", w => w.Instance.Value),
        Column.Bigint<DeleteInstanceIntent>("numbers", w => w.Number),
        Column.Integer<DeleteInstanceIntent>("tasks", _ => (int)TaskState.Deleting),
        Column.Text<DeleteInstanceIntent>("locks", w => w.Lock?.Holder),
        Column.Text<DeleteInstanceIntent>("request_ids", w => w.RequestId),
        Column.Time<DeleteInstanceIntent>("times", w => w.At),
        Column.Time<DeleteInstanceIntent>("deadlines", w => w.Deadline));

    public WriteKind Kind => TheKind;
}

/// <summary>Nothing of the server is left anywhere: its quota is free. The second time changes nothing.</summary>
public sealed record ConfirmTerminated(InstanceId Instance, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        update instance_intent
           set terminated_at = w.at,
               updated_at    = greatest(updated_at, w.at)
          from unnest(@ids, @times) as w (id, at)
         where instance_intent.id = w.id
           and instance_intent.terminated_at is null
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<ConfirmTerminated>(
        "confirm-terminated", 174, Sql,
        Column.Uuid<ConfirmTerminated>("ids", w => w.Instance.Value),
        Column.Time<ConfirmTerminated>("times", w => w.At));

    public WriteKind Kind => TheKind;
}
