using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging;

namespace Cells.Compute.Pools;

/// <summary>A pool as configured: what it is called in this cell, where its members are, and who we are there.</summary>
/// <param name="Addresses">At least one member; any member names the coordinator. Scheme and port hold for all members.</param>
public sealed record PoolConfig(string Name, IReadOnlyList<HostAddress> Addresses, XenCredentials Credentials);

/// <summary>What a pool's owner is handed of the world.</summary>
/// <param name="Cell">Shown in the pool's mark, with its uuid.</param>
/// <param name="Ids">Shared by the cell's pools, whose owners run at once: safe for that, as <see cref="SystemIds"/> is.</param>
/// <param name="Node">The process that owns; written into the assignment for people.</param>
public sealed record PoolWorld(
    CellName Cell,
    Guid CellUuid,
    Guid Node,
    IXapiWireFactory Wires,
    ICellDatabase Database,
    ICommitter Committer,
    IIdSource Ids,
    SessionVault Vault,
    TimeProvider Time,
    ILogger Logger)
{
    /// <summary>How often everything is read again and compared, besides the events.</summary>
    public TimeSpan ComparedEach { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A pool is taken only while the cell's plan gives it to this node; null where one process has all pools.</summary>
    public NodeName? PlannedFor { get; init; }
}

/// <summary>What a host's actor is made for.</summary>
/// <param name="Address">Its own; the health of a host is asked there.</param>
internal sealed record HostInfo(PoolId Pool, HostId Host, string Name, HostAddress Address);
