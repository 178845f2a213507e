using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>
/// An accepted rebuild: the next intent of a server, with the image that it is to have and the words that came along. Misses as <see cref="AcceptAction"/>
/// does; when the image went away since it was looked up; and while an earlier rebuild has not been answered.
/// </summary>
/// <param name="Accept">What it has in common with every action.</param>
internal sealed record AcceptRebuild(AcceptAction Accept, RebuildServer Asked, ImageSpec Image) : IWrite
{
    private const string Sql = """
        update instance_intent
           set intent_number       = w.number,
               task_state          = w.task_state::smallint,
               request_id          = w.request_id,
               deadline            = w.deadline,
               updated_at          = w.at,
               name                = coalesce(w.name, instance_intent.name),
               metadata            = coalesce(w.metadata, instance_intent.metadata),
               description         = case when w.sets_description then w.description else instance_intent.description end,
               key_name            = case when w.sets_key then w.key_name else instance_intent.key_name end,
               disk_config         = coalesce(w.disk_config, instance_intent.disk_config),
               access_ip_v4        = nullif(coalesce(w.ip_v4, instance_intent.access_ip_v4), ''),
               access_ip_v6        = nullif(coalesce(w.ip_v6, instance_intent.access_ip_v6), ''),
               rebuild_intent      = w.number,
               former_image_id     = instance_intent.image_id,
               former_image_bytes  = instance_intent.image_bytes,
               former_image_sha256 = instance_intent.image_sha256,
               former_image_format = instance_intent.image_format,
               image_id            = w.image_id,
               image_bytes         = w.image_bytes,
               image_sha256        = w.image_sha256,
               image_format        = w.image_format
          from unnest(@ids, @numbers, @tasks, @locks, @request_ids, @times, @deadlines, @names, @metadata, @sets_descriptions, @descriptions,
                      @sets_keys, @keys, @disk_configs, @ip_v4s, @ip_v6s, @images, @image_bytes, @image_sha256s, @image_formats)
            as w (id, number, task_state, locked_by, request_id, at, deadline, name, metadata, sets_description, description,
                  sets_key, key_name, disk_config, ip_v4, ip_v6, image_id, image_bytes, image_sha256, image_format)
          join image on image.id = w.image_id
           and image.sha256 = w.image_sha256
         where instance_intent.id = w.id
           and instance_intent.intent_number = w.number - 1
           and instance_intent.locked_by is not distinct from w.locked_by
           and instance_intent.rebuild_intent is null
           and instance_intent.desired = 'active'
           and instance_intent.terminated_at is null
        returning instance_intent.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<AcceptRebuild>(
        "accept-rebuild", 189, Sql, w => ("instance_intent", w.Accept.Instance), returns: w => w.Accept.Instance.Value,
        Column.Uuid<AcceptRebuild>("ids", w => w.Accept.Instance.Value),
        Column.Bigint<AcceptRebuild>("numbers", w => w.Accept.Number),
        Column.Integer<AcceptRebuild>("tasks", w => (int)w.Accept.Task),
        Column.Text<AcceptRebuild>("locks", w => w.Accept.Lock?.Holder),
        Column.Text<AcceptRebuild>("request_ids", w => w.Accept.RequestId),
        Column.Time<AcceptRebuild>("times", w => w.Accept.At),
        Column.Time<AcceptRebuild>("deadlines", w => w.Accept.Deadline),
        Column.Text<AcceptRebuild>("names", w => w.Asked.Name),
        Column.Json<AcceptRebuild>("metadata", w => w.Asked.Metadata is { } items ? NovaJson.Text(items) : null),
        Column.Boolean<AcceptRebuild>("sets_descriptions", w => w.Asked.SetsDescription),
        Column.Text<AcceptRebuild>("descriptions", w => w.Asked.Description),
        Column.Boolean<AcceptRebuild>("sets_keys", w => w.Asked.SetsKey),
        Column.Text<AcceptRebuild>("keys", w => w.Asked.KeyName),
        Column.Text<AcceptRebuild>("disk_configs", w => w.Asked.DiskConfig),
        Column.Text<AcceptRebuild>("ip_v4s", w => w.Asked.AccessIpV4),
        Column.Text<AcceptRebuild>("ip_v6s", w => w.Asked.AccessIpV6),
        Column.Uuid<AcceptRebuild>("images", w => w.Image.Id.Value),
        Column.Bigint<AcceptRebuild>("image_bytes", w => w.Image.SizeBytes),
        Column.Text<AcceptRebuild>("image_sha256s", w => w.Image.Sha256),
        Column.Text<AcceptRebuild>("image_formats", w => w.Image.DiskFormat));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// A rebuild has ended: the image stays when the server has it by now, or the one before it counts again. Whatever else ended, and a second time, change
/// nothing.
/// </summary>
internal sealed record SettleRebuild(InstanceActed Answer) : IWrite
{
    private const string Sql = """
        update instance_intent
           set image_id            = case when w.has_it then instance_intent.image_id else instance_intent.former_image_id end,
               image_bytes         = case when w.has_it then instance_intent.image_bytes else instance_intent.former_image_bytes end,
               image_sha256        = case when w.has_it then instance_intent.image_sha256 else instance_intent.former_image_sha256 end,
               image_format        = case when w.has_it then instance_intent.image_format else instance_intent.former_image_format end,
               rebuild_intent      = null,
               former_image_id     = null,
               former_image_bytes  = null,
               former_image_sha256 = null,
               former_image_format = null
          from (select id, intent, done or image_id is not distinct from (select i.image_id from instance_intent as i where i.id = a.id) as has_it
                  from unnest(@ids, @intents, @dones, @images) as a (id, intent, done, image_id)) as w
         where instance_intent.id = w.id
           and instance_intent.rebuild_intent = w.intent
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<SettleRebuild>(
        "settle-rebuild", 183, Sql,
        Column.Uuid<SettleRebuild>("ids", w => w.Answer.Instance.Value),
        Column.Bigint<SettleRebuild>("intents", w => w.Answer.Intent),
        Column.Boolean<SettleRebuild>("dones", w => w.Answer.Outcome == ActionOutcome.Done),
        Column.Uuid<SettleRebuild>("images", w => w.Answer.Image?.Value));

    public WriteKind Kind => TheKind;
}
