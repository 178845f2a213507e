using System.Text.Json;
using Cells.Compute.Pools;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;

namespace Cells.Compute.Instances;

/// <summary>A first row for an instance under an epoch: its placement, its refusal or its tombstone.</summary>
/// <remarks>Misses when a row of this or a higher epoch is there: read again, decide again.</remarks>
/// <param name="AnyEpoch">The planted bug of <see cref="ComputeHooks.DropEpochCheck"/>; never set otherwise.</param>
internal sealed record InsertInstance(Instance Row, bool AnyEpoch = false) : IWrite
{
    public WriteKind Kind => InstanceWrites.Insert;
}

/// <summary>Moves a row from <paramref name="Before"/> to <paramref name="After"/>.</summary>
/// <remarks>Misses when somebody moved it since, another epoch holds it, or the owner's assignment is no longer current.</remarks>
/// <param name="Owner">The assignment that writes it; null when the cell itself decides (accepting a delete, say).</param>
internal sealed record MoveInstance(Instance Before, Instance After, PoolOwner? Owner) : IWrite
{
    public WriteKind Kind => InstanceWrites.Move;
}

/// <summary>A tombstone that every parent has acknowledged.</summary>
internal sealed record PurgeInstance(Instance Row) : IWrite
{
    public WriteKind Kind => InstanceWrites.Purge;
}

internal static class InstanceWrites
{
    public static readonly WriteKind Insert = new OrdinalKind<InsertInstance>(
        "insert-instance", 210, w => w.Row.Id, changeNumbersEach: 1, first => $"""
            with w as (
                select id, project_id, name, command, story, actions, any_epoch, {Columns.Names}, ordinal
                  from unnest(@ids, @projects, @names, @commands, @stories, @actions, @any_epochs, {Columns.Parameters}) with ordinality
                    as w (id, project_id, name, command, story, actions, any_epoch, {Columns.Names}, ordinal)
            ), written as (
                insert into instance (id, project_id, name, command, story, actions, {Columns.Names}, change_number)
                select id, project_id, name, command, story, actions, {Columns.Names}, {first} + ordinal - 1
                  from w
                 order by ordinal
                    on conflict (id) do update
                   set project_id = excluded.project_id,
                       name = excluded.name,
                       command = excluded.command,
                       story = excluded.story,
                       actions = excluded.actions,
                       {Columns.SetFromExcluded},
                       change_number = excluded.change_number
                 where instance.epoch < excluded.epoch
                    or instance.id in (select id from w where any_epoch)
                returning instance.id
            )
            select w.ordinal::int - 1
              from w
              join written on written.id = w.id
            """,
        [
            Column.Uuid<InsertInstance>("ids", w => w.Row.Id.Value),
            Column.Uuid<InsertInstance>("projects", w => w.Row.Project.Value),
            Column.Text<InsertInstance>("names", w => w.Row.Name),
            Column.Json<InsertInstance>("commands", w => Columns.Text(w.Row.Command)),
            Column.Json<InsertInstance>("stories", w => Columns.Text(w.Row.Story)),
            Column.Json<InsertInstance>("actions", w => Columns.Text(w.Row.Actions)),
            Column.Boolean<InsertInstance>("any_epochs", w => w.AnyEpoch),
            .. Columns.All.Select(c => c.Of<InsertInstance>(w => w.Row)),
        ]);

    public static readonly WriteKind Move = new OrdinalKind<MoveInstance>(
        "move-instance", 220, w => w.After.Id, changeNumbersEach: 1, first => $"""
            update instance
               set {Columns.SetFromW},
                   story = coalesce(w.story, instance.story),
                   actions = coalesce(w.actions, instance.actions),
                   command = coalesce(w.command, instance.command),
                   change_number = {first} + w.ordinal - 1
              from unnest(@ids, @epochs_before, @generations_before, @owner_pools, @owner_epochs, @stories, @actions, @commands,
                          {Columns.Parameters}) with ordinality
                as w (id, epoch_before, generation_before, owner_pool, owner_epoch, story, actions, command, {Columns.Names}, ordinal)
             where instance.id = w.id
               and instance.epoch = w.epoch_before
               and instance.generation = w.generation_before
               and (w.owner_pool is null
                    or exists (
                        select 1
                          from assignment
                         where assignment.pool_id = w.owner_pool
                           and assignment.epoch = w.owner_epoch))
            returning w.ordinal::int - 1
            """,
        [
            Column.Uuid<MoveInstance>("ids", w => w.After.Id.Value),
            Column.Bigint<MoveInstance>("epochs_before", w => w.Before.Epoch),
            Column.Bigint<MoveInstance>("generations_before", w => w.Before.Generation),
            Column.Uuid<MoveInstance>("owner_pools", w => w.Owner?.Pool.Value),
            Column.Bigint<MoveInstance>("owner_epochs", w => w.Owner?.Epoch),
            // The widest columns, and most moves leave them as they are: then they are neither sent nor written again.
            Column.Json<MoveInstance>("stories", w => ReferenceEquals(w.Before.Story, w.After.Story) ? null : Columns.Text(w.After.Story)),
            Column.Json<MoveInstance>("actions", w => ReferenceEquals(w.Before.Actions, w.After.Actions) ? null : Columns.Text(w.After.Actions)),
            Column.Json<MoveInstance>("commands", w => ReferenceEquals(w.Before.Command, w.After.Command) ? null : Columns.Text(w.After.Command)),
            .. Columns.All.Select(c => c.Of<MoveInstance>(w => w.After)),
        ]);

    public static readonly WriteKind Purge = new OrdinalKind<PurgeInstance>(
        "purge-instance", 230, w => w.Row.Id, changeNumbersEach: 0, _ => """
            delete from instance
             using unnest(@ids, @epochs, @generations) with ordinality as w (id, epoch, generation, ordinal)
             where instance.id = w.id
               and instance.epoch = w.epoch
               and instance.generation = w.generation
               and instance.released
            returning w.ordinal::int - 1
            """,
        Column.Uuid<PurgeInstance>("ids", w => w.Row.Id.Value),
        Column.Bigint<PurgeInstance>("epochs", w => w.Row.Epoch),
        Column.Bigint<PurgeInstance>("generations", w => w.Row.Generation));

    /// <summary>The columns that change, written once and used by both statements.</summary>
    private static class Columns
    {
        public static readonly IReadOnlyList<Column<Instance>> All =
        [
            Column.Text<Instance>("parent_link", r => r.Parent.Value),
            Column.Bigint<Instance>("epoch", r => r.Epoch),
            Column.Bigint<Instance>("generation", r => r.Generation),
            Column.Uuid<Instance>("host_id", r => r.Place?.Host.Value),
            Column.Text<Instance>("host_name", r => r.Place?.HostName),
            Column.Uuid<Instance>("pool_id", r => r.Place?.Pool.Value),
            Column.Uuid<Instance>("sr_id", r => r.Place?.Sr.Value),
            Column.Uuid<Instance>("vm_uuid", r => r.Vm),
            Column.Uuid<Instance>("vdi_uuid", r => r.Disks.Root),
            Column.Smallint<Instance>("vm_state", r => (short)r.VmState),
            Column.Smallint<Instance>("task_state", r => (short)r.TaskState),
            Column.Smallint<Instance>("power_state", r => (short)r.PowerState),
            Column.Bigint<Instance>("working_intent", r => r.WorkingIntent),
            Column.Bigint<Instance>("applied_intent", r => r.AppliedIntent),
            Column.Bigint<Instance>("delete_intent", r => r.DeleteIntent),
            Column.Boolean<Instance>("released", r => r.Released),
            Column.Smallint<Instance>("workflow", r => (short)(r.Work?.Workflow ?? 0)),
            Column.Smallint<Instance>("step", r => (short)(r.Work?.Step ?? 0)),
            Column.Boolean<Instance>("undoing", r => r.Work?.Undoing ?? false),
            Column.Smallint<Instance>("interrupted_step", r => (short?)r.Work?.Interrupted),
            Column.Smallint<Instance>("interrupted_workflow", r => r.Work?.Interrupted is null ? null : (short?)r.Work.InterruptedOf),
            Column.Text<Instance>("note", r => r.Work?.Note),
            Column.Text<Instance>("refusal", r => r.Refusal),
            Column.Uuid<Instance>("rescue_vdi_uuid", r => r.Disks.Rescue),
            Column.Uuid<Instance>("former_vdi_uuid", r => r.Disks.Former),
            Column.Uuid<Instance>("next_vdi_uuid", r => r.Disks.Next),
            Column.Uuid<Instance>("snapshot_vdi_uuid", r => r.Disks.Snapshot),
            Column.Text<Instance>("undo_reason", r => r.Work?.UndoReason),
            Column.Integer<Instance>("attempt", r => r.Attempt),
            Column.Text<Instance>("fault", r => r.Fault),
            Column.Time<Instance>("deadline_at", r => r.DeadlineAt),
            Column.Time<Instance>("launched_at", r => r.LaunchedAt),
            Column.Time<Instance>("updated_at", r => r.UpdatedAt),
            Column.Json<Instance>("destination", r => Text(r.Destination)),
            Column.Json<Instance>("origin", r => Text(r.Origin)),
        ];

        public static readonly string Names = string.Join(", ", All.Select(c => c.Name));
        public static readonly string Parameters = string.Join(", ", All.Select(c => $"@{c.Name}"));
        public static readonly string SetFromW = string.Join(", ", All.Select(c => $"{c.Name} = w.{c.Name}"));
        public static readonly string SetFromExcluded = string.Join(", ", All.Select(c => $"{c.Name} = excluded.{c.Name}"));

        public static string Text(Story story) => JsonSerializer.Serialize(story, ComputeJsonContext.Default.Story);

        public static string Text(Actions actions) => JsonSerializer.Serialize(actions, ComputeJsonContext.Default.Actions);

        private static string? Text(SecondPlace? place) => place is null ? null : JsonSerializer.Serialize(place, ComputeJsonContext.Default.SecondPlace);

        public static string? Text(BuildInstance? command) => command is null ? null : JsonSerializer.Serialize(command, WireJsonContext.Default.BuildInstance);
    }
}
