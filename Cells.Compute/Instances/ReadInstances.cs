using System.Text.Json;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Compute.Instances;

/// <summary>Reads instance rows back: all of them at the start, single ones after a guard missed.</summary>
internal static class ReadInstances
{
    private const string Columns = """
        id, project_id, name, parent_link, command, epoch, generation, pool_id, host_id, host_name, sr_id, vm_uuid, vdi_uuid, vm_state, task_state,
        power_state, working_intent, applied_intent, delete_intent, released, workflow, step, undoing, interrupted_step, attempt, story, fault,
        deadline_at, launched_at, updated_at, interrupted_workflow, note, actions, refusal, rescue_vdi_uuid,
        former_vdi_uuid, next_vdi_uuid, snapshot_vdi_uuid, undo_reason, destination, origin
        """;

    public static Task<IReadOnlyList<Instance>> AllAsync(ICellDatabase database, CancellationToken stop) =>
        database.ReadAsync("instances", (connection, s) => ReadAsync(connection, "", [], s), stop);

    public static Task<IReadOnlyList<Instance>> SomeAsync(ICellDatabase database, IReadOnlyList<InstanceId> ids, CancellationToken stop) =>
        database.ReadAsync("instances after a missed guard",
            (connection, s) => ReadAsync(connection, "where id = any(@ids)",
                [new NpgsqlParameter("ids", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = ids.Select(i => i.Value).ToArray() }], s), stop);

    private static async Task<IReadOnlyList<Instance>> ReadAsync(NpgsqlConnection connection, string where, NpgsqlParameter[] parameters, CancellationToken stop)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Statement(where);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var rows = new List<Instance>();
        while (await reader.ReadAsync(stop))
            rows.Add(Row(reader));
        return rows;
    }

    /// <summary>What <see cref="Row"/> reads.</summary>
    public static string Statement(string where) => $"""
        select {Columns}
          from instance
         {where}
         order by id
        """;

    public static Instance Row(NpgsqlDataReader r) => new(
        new InstanceId(r.GetGuid(0)),
        new ProjectId(r.GetGuid(1)),
        r.GetString(2),
        CellName.Parse(r.GetString(3)),
        r.IsDBNull(4) ? null : JsonSerializer.Deserialize(r.GetString(4), WireJsonContext.Default.BuildInstance),
        r.GetInt64(5),
        r.GetInt64(6),
        r.IsDBNull(8) ? null : new Place(new PoolId(r.GetGuid(7)), new HostId(r.GetGuid(8)), r.GetString(9), new SrId(r.GetGuid(10))),
        r.IsDBNull(11) ? null : r.GetGuid(11),
        (VmState)r.GetInt16(13),
        (TaskState)r.GetInt16(14),
        (PowerState)r.GetInt16(15),
        r.GetInt64(16),
        r.GetInt64(17),
        r.GetInt64(18),
        r.GetBoolean(19),
        r.GetInt16(20) == 0 ? null : new Work(
            (WorkflowKind)r.GetInt16(20), r.GetInt16(21), r.GetBoolean(22), r.IsDBNull(23) ? null : r.GetInt16(23),
            r.IsDBNull(30) ? WorkflowKind.Build : (WorkflowKind)r.GetInt16(30), r.IsDBNull(31) ? null : r.GetString(31),
            r.IsDBNull(38) ? null : r.GetString(38)),
        r.GetInt32(24),
        JsonSerializer.Deserialize(r.GetString(25), ComputeJsonContext.Default.Story)!,
        r.IsDBNull(26) ? null : r.GetString(26),
        r.IsDBNull(27) ? null : r.GetFieldValue<DateTimeOffset>(27),
        r.IsDBNull(28) ? null : r.GetFieldValue<DateTimeOffset>(28),
        r.GetFieldValue<DateTimeOffset>(29))
    {
        Actions = JsonSerializer.Deserialize(r.GetString(32), ComputeJsonContext.Default.Actions)!,
        Refusal = r.IsDBNull(33) ? null : r.GetString(33),
        Disks = new Disks(Uuid(r, 12), Rescue: Uuid(r, 34), Former: Uuid(r, 35), Next: Uuid(r, 36), Snapshot: Uuid(r, 37)),
        Destination = SecondPlace(r, 39),
        Origin = SecondPlace(r, 40),
    };

    private static Guid? Uuid(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetGuid(column);

    private static SecondPlace? SecondPlace(NpgsqlDataReader r, int column) =>
        r.IsDBNull(column) ? null : JsonSerializer.Deserialize(r.GetString(column), ComputeJsonContext.Default.SecondPlace);
}
