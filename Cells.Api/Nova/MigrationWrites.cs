using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>An accepted resize or migration: the row <c>migration</c>, and what a resize takes besides until it has ended.</summary>
/// <remarks>Of two acceptances of one intent the guard of <see cref="AcceptAction"/> tells one that it missed; until then both rows are tried.</remarks>
/// <param name="Ordered">The flavor that was ordered; the server's own for a migration.</param>
internal sealed record InsertMigration(
    Guid Id, InstanceId Instance, long Intent, string Type, ProjectId Project, UserId User, Flavor Own, Flavor Ordered, string? SourceHost, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        with w as (
            select *
              from unnest(@ids, @instances, @intents, @types, @projects, @users, @olds, @news, @vcpus, @memories, @sources, @times)
                as w (uuid, instance, intent, type, project_id, user_id, old_flavor_id, new_flavor_id, vcpus, memory_mib, source_host, at)
        ), ordered as (
            update instance_intent
               set other_vcpus      = w.vcpus,
                   other_memory_mib = w.memory_mib
              from w
             where instance_intent.id = w.instance
               and w.vcpus is not null
        )
        insert into migration (uuid, instance, intent, type, project_id, user_id, old_flavor_id, new_flavor_id, status, source_host, created_at, updated_at)
        select uuid, instance, intent, type, project_id, user_id, old_flavor_id, new_flavor_id, 'accepted', source_host, at, at
          from w
            on conflict (instance, intent) do nothing
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<InsertMigration>(
        "insert-migration", 188, Sql,
        Column.Uuid<InsertMigration>("ids", w => w.Id),
        Column.Uuid<InsertMigration>("instances", w => w.Instance.Value),
        Column.Bigint<InsertMigration>("intents", w => w.Intent),
        Column.Text<InsertMigration>("types", w => w.Type),
        Column.Uuid<InsertMigration>("projects", w => w.Project.Value),
        Column.Uuid<InsertMigration>("users", w => w.User.Value),
        Column.Text<InsertMigration>("olds", w => w.Own.Id),
        Column.Text<InsertMigration>("news", w => w.Ordered.Id),
        Column.Integer<InsertMigration>("vcpus", w => w.Own == w.Ordered ? null : (int?)w.Ordered.Vcpus),
        Column.Bigint<InsertMigration>("memories", w => w.Own == w.Ordered ? null : (long?)w.Ordered.MemoryMib),
        Column.Text<InsertMigration>("sources", w => w.SourceHost),
        Column.Time<InsertMigration>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// What a server has since its resize, the confirmation or the revert ended: as its cell says. A resize that no cell began leaves what there was. What a later
/// resize takes besides stays until that one ends: it may be accepted before this answer comes. Before <see cref="EndAction"/>, after which the same answer
/// changes nothing.
/// </summary>
internal sealed record SettleFlavor(InstanceActed Answer) : IWrite
{
    private static readonly string Sql = $"""
        update instance_intent
           set flavor_id          = coalesce(w.flavor_id, instance_intent.flavor_id),
               flavor_name        = coalesce(w.flavor_name, instance_intent.flavor_name),
               vcpus              = coalesce(w.vcpus, instance_intent.vcpus),
               memory_mib         = coalesce(w.memory_mib, instance_intent.memory_mib),
               disk_gib           = coalesce(w.disk_gib, instance_intent.disk_gib),
               flavor_extra_specs = coalesce(w.extra_specs, instance_intent.flavor_extra_specs),
               other_vcpus        = case when later.is_open then instance_intent.other_vcpus else w.other_vcpus end,
               other_memory_mib   = case when later.is_open then instance_intent.other_memory_mib else w.other_memory_mib end
          from unnest(@instances, @intents, @flavors, @names, @vcpus, @memories, @disks, @specs, @other_vcpus, @other_memories)
            as w (instance, intent, flavor_id, flavor_name, vcpus, memory_mib, disk_gib, extra_specs, other_vcpus, other_memory_mib)
         cross join lateral (
               select exists (
                          select 1
                            from instance_action
                           where instance_action.instance = w.instance
                             and instance_action.intent > w.intent
                             and instance_action.action = {(int)InstanceAction.Resize}
                             and instance_action.outcome is null) as is_open) as later
         where instance_intent.id = w.instance
           and exists (
               select 1
                 from instance_action
                where instance_action.instance = w.instance
                  and instance_action.intent = w.intent
                  and instance_action.outcome is null
                  and (w.flavor_id is not null or instance_action.action = {(int)InstanceAction.Resize}))
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<SettleFlavor>(
        "settle-flavor", 169, Sql,
        Column.Uuid<SettleFlavor>("instances", w => w.Answer.Instance.Value),
        Column.Bigint<SettleFlavor>("intents", w => w.Answer.Intent),
        Column.Text<SettleFlavor>("flavors", w => w.Now?.Id),
        Column.Text<SettleFlavor>("names", w => w.Now?.Name),
        Column.Integer<SettleFlavor>("vcpus", w => w.Now?.Vcpus),
        Column.Bigint<SettleFlavor>("memories", w => w.Now?.MemoryMib),
        Column.Bigint<SettleFlavor>("disks", w => w.Now?.DiskGib),
        Column.Json<SettleFlavor>("specs", w => w.Now is { } now ? NovaJson.Text(now.ExtraSpecs) : null),
        Column.Integer<SettleFlavor>("other_vcpus", w => w.Answer.Flavors?.Former?.Vcpus),
        Column.Bigint<SettleFlavor>("other_memories", w => w.Answer.Flavors?.Former?.MemoryMib));

    public WriteKind Kind => TheKind;

    private Flavor? Now => Answer.Flavors?.Flavor;
}

/// <summary>The server is deleted: no cell will say how a migration that was under way ended. The second time changes nothing.</summary>
internal sealed record CloseMigrations(InstanceId Instance, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        update migration
           set status     = 'error',
               updated_at = w.at
          from unnest(@ids, @times) as w (id, at)
         where migration.instance = w.id
           and migration.status = 'accepted'
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<CloseMigrations>(
        "close-migrations", 194, Sql,
        Column.Uuid<CloseMigrations>("ids", w => w.Instance.Value),
        Column.Time<CloseMigrations>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// How a migration ended, or a resize came to be confirmed or given up. The second time changes nothing. Before <see cref="EndAction"/>.
/// </summary>
internal sealed record EndMigration(InstanceActed Answer) : IWrite
{
    private static readonly string Sql = $"""
        with w as (
            select w.*, instance_action.action
              from unnest(@instances, @intents, @outcomes, @sources, @targets, @formers, @times) as w (instance, intent, outcome, source, target, has_former, at)
              join instance_action on instance_action.instance = w.instance
               and instance_action.intent = w.intent
               and instance_action.outcome is null
        )
        update migration
           set status      = case when w.action = {(int)InstanceAction.ConfirmResize} and w.outcome = {(int)ActionOutcome.Done} then 'confirmed'
                                  when w.action = {(int)InstanceAction.RevertResize} and not w.has_former then 'reverted'
                                  when w.action in ({(int)InstanceAction.ConfirmResize}, {(int)InstanceAction.RevertResize}) then migration.status
                                  when w.outcome <> {(int)ActionOutcome.Done} then 'error'
                                  when w.action = {(int)InstanceAction.LiveMigrate} then 'completed'
                                  else 'finished' end,
               source_host = coalesce(w.source, migration.source_host),
               dest_host   = coalesce(w.target, migration.dest_host),
               updated_at  = w.at
          from w
         where migration.instance = w.instance
           and (migration.intent = w.intent
                or (migration.status = 'finished' and w.action in ({(int)InstanceAction.ConfirmResize}, {(int)InstanceAction.RevertResize})))
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<EndMigration>(
        "end-migration", 167, Sql,
        Column.Uuid<EndMigration>("instances", w => w.Answer.Instance.Value),
        Column.Bigint<EndMigration>("intents", w => w.Answer.Intent),
        Column.Integer<EndMigration>("outcomes", w => (int)w.Answer.Outcome),
        Column.Text<EndMigration>("sources", w => w.Answer.Moved?.From),
        Column.Text<EndMigration>("targets", w => w.Answer.Moved?.To),
        Column.Boolean<EndMigration>("formers", w => w.Answer.Flavors is not { Former: null }),
        Column.Time<EndMigration>("times", w => w.Answer.EndedAt));

    public WriteKind Kind => TheKind;
}
