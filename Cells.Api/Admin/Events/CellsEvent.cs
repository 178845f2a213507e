using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Admin.Events;

/// <summary>Something that changed, as GET /cells/v1/events tells it. It names the thing; who needs the whole row asks for it.</summary>
/// <param name="Change">This cell's change number by then: a stream can be resumed above it.</param>
/// <param name="At">Of instances and hosts: the report, by the compute cell's clock; of cells and links: when this cell noticed.</param>
/// <param name="Kind">instance, host, cell, link.</param>
/// <param name="Cell">The cell it is in; of a link the neighbour.</param>
/// <param name="State">One word: vm_state or deleted; status or gone; heard or silent; health.</param>
/// <param name="Text">For people.</param>
public sealed record CellsEvent(long Change, DateTimeOffset At, string Kind, string Cell, string Id, string? Name, string State, string Text)
{
    public static readonly string[] Kinds = ["instance", "host", "cell", "link"];

    internal static CellsEvent Of(long change, InstanceRow row, bool deleted, string? name)
    {
        var state = deleted ? "deleted" : row.VmState.Name();
        string?[] more = [row.TaskState.Name(), row.Step is null ? null : $"step {row.Step}", row.HostName is null ? null : $"on {row.HostName}", row.Fault];
        return new CellsEvent(
            change, row.UpdatedAt, "instance", row.Cell.Value, row.Instance.ToString(), name, state, string.Join(", ", more.Prepend(state).OfType<string>()));
    }

    internal static CellsEvent Of(long change, HostRow row, bool deleted)
    {
        var state = deleted ? "gone" : row.Status;
        return new CellsEvent(
            change, row.UpdatedAt, "host", row.Cell.Value, row.Host.ToString(), row.Name, state,
            $"{state}, {row.Instances} servers, promised {row.PromisedVcpus}/{row.Vcpus} vCPU and {row.PromisedMemoryMib}/{row.MemoryMib} MiB");
    }

    internal static CellsEvent Of(long change, DateTimeOffset at, CellView cell)
    {
        var state = cell.Silent ? "silent" : "heard";
        return new CellsEvent(change, at, "cell", cell.Name, cell.Name, cell.Path, state, $"{state}, {cell.HostsUp}/{cell.Hosts} hosts up");
    }

    internal static CellsEvent Of(long change, DateTimeOffset at, LinkView link) => new(
        change, at, "link", link.Neighbour, link.Neighbour, link.Neighbour, link.Health,
        $"{link.Health}{(link.Parked > 0 ? $", {link.Parked} parked" : "")}{(link.Problem is { } problem ? $", {problem}" : "")}");
}

/// <summary>Which events are told; null asks nothing.</summary>
public sealed record EventFilter(IReadOnlyList<string> Kinds, string? Cell, InstanceId? Instance)
{
    internal bool Shows(CellsEvent told) =>
        (Kinds.Count == 0 || Kinds.Contains(told.Kind))
        && (Cell is null || told.Cell == Cell)
        && (Instance is not { } instance || (told.Kind == "instance" && told.Id == instance.ToString()));
}

/// <summary>Where a stream begins: above a change number, so many numbers back, or now.</summary>
public abstract record EventStart
{
    private EventStart() { }

    public sealed record Above(long Change) : EventStart;
    public sealed record Back(long Numbers) : EventStart;
    public sealed record Now : EventStart;

    /// <returns>Null where a number is named that has not been given yet.</returns>
    public long? Resolve(long counter) => this switch
    {
        Above above => above.Change <= counter ? above.Change : null,
        Back back => Math.Max(0, counter - back.Numbers),
        _ => counter,
    };
}
