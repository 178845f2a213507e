using Cells.Chaos.Tree;
using Cells.Chaos.Workloads;
using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.XenSim.Core;
using Npgsql;
using System.Text.Json;

namespace Cells.Chaos.Invariants;

/// <summary>The four truths at one moment: what clients were told, what the home and the routing cell hold, what the compute cells hold, what the hosts do.</summary>
internal sealed class Picture
{
    public const string InstanceKey = Marks.Instance;

    private Picture()
    {
    }

    public required IReadOnlyList<Server> Servers { get; init; }

    public required IReadOnlyList<IntentRow> Intents { get; init; }

    /// <summary>The servers' logs at the home.</summary>
    public required IReadOnlyList<LogRow> Log { get; init; }

    /// <summary>Instances that something outside of the product stopped at some time.</summary>
    public required IReadOnlySet<string> Disturbed { get; init; }

    /// <summary>Of servers, at the home.</summary>
    public required IReadOnlyList<PortRow> Ports { get; init; }

    /// <summary>By cell: the home and the routing cells.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<Guid, ObservedRow>> Observed { get; init; }

    /// <summary>By compute cell: the cells on the way to the home.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Above { get; init; }

    public required IReadOnlyList<InstanceTruth> Instances { get; init; }

    public required IReadOnlyList<ClaimTruth> Claims { get; init; }

    /// <summary>What the rows of the compute cells say that they hold, as the product computes it.</summary>
    public required IReadOnlyList<ClaimTruth> Held { get; init; }

    public required IReadOnlyList<ProviderTruth> Providers { get; init; }

    /// <summary>Messages that no neighbour has acknowledged, and those that could not be handled, by cell.</summary>
    public required IReadOnlyList<string> UndoneWork { get; init; }

    public required IReadOnlyList<HostAccount> Hosts { get; init; }

    /// <summary>Every VM once, though each member of a pool lists it, with the uuids of the hosts that it may be said to be on: where its domain is, else any member.</summary>
    public required IReadOnlyList<(VmAccount Vm, IReadOnlyList<string> Hosts, string Names)> Vms { get; init; }

    /// <summary>Every disk once, with the name of the first host that sees it.</summary>
    public required IReadOnlyList<(DiskAccount Disk, string Host)> Disks { get; init; }

    public bool IsAbove(string cell, string computeCell) => Above[computeCell].Contains(cell);

    public static Picture Take(ChaosWorld world)
    {
        var observed = new SortedDictionary<string, IReadOnlyDictionary<Guid, ObservedRow>>(StringComparer.Ordinal);
        foreach (var cell in world.Cells.Where(cell => cell.Kind != CellKind.Compute).Select(cell => cell.Name.Value))
            observed[cell] = Read(world, cell, "select instance, epoch, generation, deleted, body from instance_observed order by instance", row => new ObservedRow(
                row.GetGuid(0), row.GetInt64(1), row.GetInt64(2), row.GetBoolean(3), JsonSerializer.Deserialize(row.GetString(4), WireJsonContext.Default.InstanceRow)!))
                .ToDictionary(row => row.Instance);
        var pools = world.Hypervisors.Hosts.Select(host => host.Core).Distinct().Select(core => core.Account()).ToList();
        var computeCells = world.Cells.Where(cell => cell.Kind == CellKind.Compute).Select(cell => cell.Name.Value).ToList();
        return new Picture
        {
            Servers = world.Clients.Servers,
            Intents = Read(world, "global", """
                select id, project_id, name, desired, intent_number, terminated_at is not null
                  from instance_intent
                 order by name, id
                """, row => new IntentRow(row.GetGuid(0), new ProjectId(row.GetGuid(1)), row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetBoolean(5))),
            Log = Read(world, "global", """
                select instance, action, intent, outcome, reason
                  from instance_action
                 order by instance, intent nulls first, request_id
                """, row => new LogRow(
                row.GetGuid(0), (InstanceAction)row.GetInt16(1), row.IsDBNull(2) ? null : row.GetInt64(2), row.IsDBNull(3) ? null : (ActionOutcome)row.GetInt16(3),
                row.IsDBNull(4) ? "" : row.GetString(4))),
            Disturbed = world.Disturbed,
            Ports = Read(world, "global", """
                select instance_id, host(ip), mac
                  from port
                 order by ip
                """, row => new PortRow(OrNull(row, 0), row.GetString(1), row.GetString(2))),
            Observed = observed,
            Above = world.Cells.Where(cell => cell.Kind == CellKind.Compute)
                .ToDictionary(cell => cell.Name.Value, IReadOnlyList<string> (cell) => ["global", cell.Parent!.Value.Value]),
            Instances = [.. computeCells.SelectMany(cell => Read(world, cell, """
                select id, epoch, generation, host_id, vm_uuid,
                       array_remove(array[vdi_uuid, rescue_vdi_uuid, former_vdi_uuid, next_vdi_uuid, snapshot_vdi_uuid], null), vm_state, task_state, power_state, released,
                       applied_intent, coalesce(fault, ''), actions, vdi_uuid
                  from instance
                 order by id
                """, row => new InstanceTruth(
                cell, row.GetGuid(0), row.GetInt64(1), row.GetInt64(2), OrNull(row, 3), OrNull(row, 4), row.GetFieldValue<Guid[]>(5), (VmState)row.GetInt16(6),
                (TaskState)row.GetInt16(7), (PowerState)row.GetInt16(8), row.GetBoolean(9), row.GetInt64(10), row.GetString(11),
                [.. JsonSerializer.Deserialize(row.GetString(12), ComputeJsonContext.Default.Actions)!.Ended.Select(ended => ended.Intent)]) { Root = OrNull(row, 13) }))],
            Claims = [.. computeCells.SelectMany(cell => Read(world, cell, """
                select instance_id, epoch, provider_id, resource, amount, role
                  from claim
                 order by instance_id, epoch, provider_id, resource, role
                """, row => new ClaimTruth(cell, row.GetGuid(0), row.GetInt64(1), row.GetGuid(2), row.GetInt16(3), row.GetInt64(4), row.GetInt16(5))))],
            Held = [.. computeCells.SelectMany(cell => Read(world, cell, ReadInstances.Statement(""), ReadInstances.Row).SelectMany(row => ClaimOf.Held(row).Select(held =>
                new ClaimTruth(cell, row.Id.Value, row.Epoch, held.Part.Provider.Value, (short)held.Part.Resource, held.Part.Amount, (short)held.Role))))],
            Providers = [.. computeCells.SelectMany(cell => Read(world, cell, """
                select id, resource, capacity, ratio, reserve, promised, outside
                  from provider
                 order by id, resource
                """, row => new ProviderTruth(
                cell, row.GetGuid(0), row.GetInt16(1), row.GetInt64(2), row.GetDouble(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6))))],
            UndoneWork = [.. world.Cells.SelectMany(cell => Read(world, cell.Name.Value, """
                select link, 'waits for its acknowledgement', wire_name, order_key from outbox
                 union all
                select link, 'is parked: ' || reason, wire_name, order_key from parked_message
                 order by 1, 2, 3, 4
                """, row => $"in {cell.Name}, link {row.GetString(0)}: {row.GetString(2)} of {row.GetString(3)} {row.GetString(1)}"))],
            Hosts = [.. pools.SelectMany(pool => pool)],
            Vms = [.. pools.SelectMany(pool => pool[0].Vms.Select(vm => Place(pool, vm)))],
            Disks = [.. pools.SelectMany(pool => pool.SelectMany(host => host.Disks.Select(disk => (disk, host.Name))).DistinctBy(d => d.disk.Uuid))],
        };
    }

    private static (VmAccount, IReadOnlyList<string>, string) Place(HostAccount[] pool, VmAccount vm)
    {
        var at = pool.Where(host => host.Domains.Any(domain => domain.VmUuid == vm.Uuid)).ToList();
        var hosts = at.Count > 0 ? at : [.. pool];
        return (vm, [.. hosts.Select(host => host.Uuid)], string.Join(" or ", hosts.Select(host => host.Name)));
    }

    private static List<T> Read<T>(ChaosWorld world, string cell, string sql, Func<NpgsqlDataReader, T> row)
    {
        using var command = new NpgsqlCommand(sql, world.Databases.Connection(cell));
        using var rows = command.ExecuteReader();
        var all = new List<T>();
        while (rows.Read())
            all.Add(row(rows));
        return all;
    }

    private static Guid? OrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);
}

internal sealed record IntentRow(Guid Id, ProjectId Project, string Name, string Desired, long Number, bool Terminated);

internal sealed record PortRow(Guid? Instance, string Address, string Mac);

internal sealed record LogRow(Guid Instance, InstanceAction Action, long? Intent, ActionOutcome? Outcome, string Reason);

internal sealed record ObservedRow(Guid Instance, long Epoch, long Generation, bool Deleted, InstanceRow Body);

/// <summary>A compute cell's own row.</summary>
internal sealed record InstanceTruth(
    string Cell, Guid Id, long Epoch, long Generation, Guid? Host, Guid? Vm, IReadOnlyList<Guid> Vdis, VmState VmState, TaskState TaskState, PowerState PowerState,
    bool Released, long AppliedIntent, string Fault, IReadOnlyList<long> Ended)
{
    /// <summary>The disk that it boots from; <see cref="Vdis"/> are all that the row names.</summary>
    public Guid? Root { get; init; }

    public override string ToString() =>
        $"{Cell}: instance {Id} epoch {Epoch} generation {Generation} {VmState}/{TaskState}/{PowerState} on {Host?.ToString() ?? "no host"}{(Released ? " released" : "")} {Fault}";
}

internal sealed record ClaimTruth(string Cell, Guid Instance, long Epoch, Guid Provider, short Resource, long Amount, short Role);

internal sealed record ProviderTruth(string Cell, Guid Id, short Resource, long Capacity, double Ratio, long Reserve, long Promised, long Outside);
