using System.Text.Json;
using Cells.Compute.Pools;
using Cells.Compute.Sql;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

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
    public static readonly WriteKind Insert = new InsertKind();
    public static readonly WriteKind Move = new MoveKind();
    public static readonly WriteKind Purge = new PurgeKind();

    private sealed class InsertKind() : WriteKind("insert-instance", 210)
    {
        public override int ChangeNumbersEach => 1;

        public override object GuardedRow(IWrite write) => ((InsertInstance)write).Row.Id;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var inserts = writes.Cast<InsertInstance>().ToList();
            command.CommandText = $"""
                with w as (
                    select id, project_id, name, command, story, any_epoch, {Columns.Names}, ordinal
                      from unnest(@ids, @projects, @names, @commands, @stories, @any_epochs, {Columns.Parameters}) with ordinality
                        as w (id, project_id, name, command, story, any_epoch, {Columns.Names}, ordinal)
                ), written as (
                    insert into instance (id, project_id, name, command, story, {Columns.Names}, change_number)
                    select id, project_id, name, command, story, {Columns.Names}, {firstChangeNumber} + ordinal - 1
                      from w
                     order by ordinal
                        on conflict (id) do update
                       set project_id = excluded.project_id,
                           name = excluded.name,
                           command = excluded.command,
                           story = excluded.story,
                           {Columns.SetFromExcluded},
                           change_number = excluded.change_number
                     where instance.epoch < excluded.epoch
                        or instance.id in (select id from w where any_epoch)
                    returning instance.id
                )
                select w.ordinal::int - 1
                  from w
                  join written on written.id = w.id
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, inserts, w => w.Row.Id.Value);
            command.AddColumn("projects", NpgsqlDbType.Uuid, inserts, w => w.Row.Project.Value);
            command.AddColumn("names", NpgsqlDbType.Text, inserts, w => w.Row.Name);
            command.AddColumn("commands", NpgsqlDbType.Jsonb, inserts, w => w.Row.Command is { } c ? JsonSerializer.Serialize(c, WireJsonContext.Default.BuildInstance) : null);
            command.AddColumn("stories", NpgsqlDbType.Jsonb, inserts, w => Columns.Text(w.Row.Story));
            command.AddColumn("any_epochs", NpgsqlDbType.Boolean, inserts, w => w.AnyEpoch);
            Columns.Fill(command, [.. inserts.Select(w => w.Row)]);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    private sealed class MoveKind() : WriteKind("move-instance", 220)
    {
        public override int ChangeNumbersEach => 1;

        public override object GuardedRow(IWrite write) => ((MoveInstance)write).After.Id;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var moves = writes.Cast<MoveInstance>().ToList();
            command.CommandText = $"""
                update instance
                   set {Columns.SetFromW},
                       story = coalesce(w.story, instance.story),
                       change_number = {firstChangeNumber} + w.ordinal - 1
                  from unnest(@ids, @epochs_before, @generations_before, @owner_pools, @owner_epochs, @stories, {Columns.Parameters}) with ordinality
                    as w (id, epoch_before, generation_before, owner_pool, owner_epoch, story, {Columns.Names}, ordinal)
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
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, moves, w => w.After.Id.Value);
            command.AddColumn("epochs_before", NpgsqlDbType.Bigint, moves, w => w.Before.Epoch);
            command.AddColumn("generations_before", NpgsqlDbType.Bigint, moves, w => w.Before.Generation);
            command.AddColumn("owner_pools", NpgsqlDbType.Uuid, moves, w => w.Owner?.Pool.Value);
            command.AddColumn("owner_epochs", NpgsqlDbType.Bigint, moves, w => w.Owner?.Epoch);
            // The widest column, and most moves leave it as it is: then it is neither sent nor written again.
            command.AddColumn("stories", NpgsqlDbType.Jsonb, moves, w => ReferenceEquals(w.Before.Story, w.After.Story) ? null : Columns.Text(w.After.Story));
            Columns.Fill(command, [.. moves.Select(w => w.After)]);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    private sealed class PurgeKind() : WriteKind("purge-instance", 230)
    {
        public override object GuardedRow(IWrite write) => ((PurgeInstance)write).Row.Id;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var purges = writes.Cast<PurgeInstance>().ToList();
            command.CommandText = """
                delete from instance
                 using unnest(@ids, @epochs, @generations) with ordinality as w (id, epoch, generation, ordinal)
                 where instance.id = w.id
                   and instance.epoch = w.epoch
                   and instance.generation = w.generation
                   and instance.released
                returning w.ordinal::int - 1
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, purges, w => w.Row.Id.Value);
            command.AddColumn("epochs", NpgsqlDbType.Bigint, purges, w => w.Row.Epoch);
            command.AddColumn("generations", NpgsqlDbType.Bigint, purges, w => w.Row.Generation);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    /// <summary>The columns that change, written once and used by both statements.</summary>
    private static class Columns
    {
        private static readonly Column[] All =
        [
            Of("parent_link", NpgsqlDbType.Text, r => r.Parent.Value),
            Of("epoch", NpgsqlDbType.Bigint, r => r.Epoch),
            Of("generation", NpgsqlDbType.Bigint, r => r.Generation),
            Of("host_id", NpgsqlDbType.Uuid, r => r.Place?.Host.Value),
            Of("host_name", NpgsqlDbType.Text, r => r.Place?.HostName),
            Of("pool_id", NpgsqlDbType.Uuid, r => r.Place?.Pool.Value),
            Of("sr_id", NpgsqlDbType.Uuid, r => r.Place?.Sr.Value),
            Of("vm_uuid", NpgsqlDbType.Uuid, r => r.Vm),
            Of("vdi_uuid", NpgsqlDbType.Uuid, r => r.Vdi),
            Of("vm_state", NpgsqlDbType.Smallint, r => (short)r.VmState),
            Of("task_state", NpgsqlDbType.Smallint, r => (short)r.TaskState),
            Of("power_state", NpgsqlDbType.Smallint, r => (short)r.PowerState),
            Of("working_intent", NpgsqlDbType.Bigint, r => r.WorkingIntent),
            Of("applied_intent", NpgsqlDbType.Bigint, r => r.AppliedIntent),
            Of("delete_intent", NpgsqlDbType.Bigint, r => r.DeleteIntent),
            Of("released", NpgsqlDbType.Boolean, r => r.Released),
            Of("workflow", NpgsqlDbType.Smallint, r => (short)(r.Work?.Workflow ?? 0)),
            Of("step", NpgsqlDbType.Smallint, r => (short)(r.Work?.Step ?? 0)),
            Of("undoing", NpgsqlDbType.Boolean, r => r.Work?.Undoing ?? false),
            Of("interrupted_step", NpgsqlDbType.Smallint, r => (short?)r.Work?.Interrupted),
            Of("attempt", NpgsqlDbType.Integer, r => r.Attempt),
            Of("fault", NpgsqlDbType.Text, r => r.Fault),
            Of("deadline_at", NpgsqlDbType.TimestampTz, r => r.DeadlineAt?.UtcDateTime),
            Of("launched_at", NpgsqlDbType.TimestampTz, r => r.LaunchedAt?.UtcDateTime),
            Of("updated_at", NpgsqlDbType.TimestampTz, r => r.UpdatedAt.UtcDateTime),
        ];

        public static readonly string Names = string.Join(", ", All.Select(c => c.Name));
        public static readonly string Parameters = string.Join(", ", All.Select(c => $"@c_{c.Name}"));
        public static readonly string SetFromW = string.Join(", ", All.Select(c => $"{c.Name} = w.{c.Name}"));
        public static readonly string SetFromExcluded = string.Join(", ", All.Select(c => $"{c.Name} = excluded.{c.Name}"));

        public static string Text(Story story) => JsonSerializer.Serialize(story, ComputeJsonContext.Default.Story);

        public static void Fill(NpgsqlBatchCommand command, IReadOnlyList<Instance> rows)
        {
            foreach (var column in All)
                column.Fill(command, rows);
        }

        private static Column Of<T>(string name, NpgsqlDbType type, Func<Instance, T> value) =>
            new(name, (command, rows) => command.AddColumn($"c_{name}", type, rows, value));

        private sealed record Column(string Name, Action<NpgsqlBatchCommand, IReadOnlyList<Instance>> Fill);
    }
}
