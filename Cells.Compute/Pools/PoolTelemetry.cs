using Cells.Compute.Hosts;
using Cells.Contracts;
using Microsoft.Extensions.Logging;

namespace Cells.Compute.Pools;

/// <summary>Log events of pools: 2000-2199.</summary>
internal static partial class PoolTelemetry
{
    [LoggerMessage(2000, LogLevel.Information, "Pool {Pool} ({PoolId}): taken under epoch {Epoch}")]
    public static partial void Taken(ILogger logger, string pool, PoolId poolId, long epoch);

    [LoggerMessage(2001, LogLevel.Information, "Pool {Pool}: connected to {Coordinator}; {Hosts} hosts, {Vms} instances' VMs")]
    public static partial void Connected(ILogger logger, string pool, string coordinator, int hosts, int vms);

    [LoggerMessage(2002, LogLevel.Debug, "Pool {Pool}: everything read again and compared; {Hosts} hosts, {Vms} instances' VMs")]
    public static partial void Compared(ILogger logger, string pool, int hosts, int vms);

    [LoggerMessage(2010, LogLevel.Warning, "Pool {Pool}: connection lost ({Reason}); nothing is done there until it is back. Trying again")]
    public static partial void Lost(ILogger logger, string pool, string reason);

    [LoggerMessage(2011, LogLevel.Debug, "Pool {Pool}: not connected ({Reason}); next try in {Delay}")]
    public static partial void StillLost(ILogger logger, string pool, string reason, TimeSpan delay);

    /// <summary>At the first try of a process: an address that is wrong was never reached, so it cannot be lost.</summary>
    [LoggerMessage(2014, LogLevel.Warning, "Pool {Pool}: cannot be entered ({Reason}); nothing is done there until it can. Trying again")]
    public static partial void NotReached(ILogger logger, string pool, string reason);

    [LoggerMessage(2012, LogLevel.Error, "{Reason} Nothing is managed there; tried again in {Delay}")]
    public static partial void Refused(ILogger logger, string reason, TimeSpan delay);

    [LoggerMessage(2013, LogLevel.Warning, "Pool {Pool}: another owner took it over; this one has ended ({Reason})")]
    public static partial void Fenced(ILogger logger, string pool, string reason);

    [LoggerMessage(2020, LogLevel.Information, "Pool {Pool}: taking over waits for {Tasks} tasks that an earlier owner may have begun")]
    public static partial void WaitingForTasks(ILogger logger, string pool, int tasks);

    [LoggerMessage(2021, LogLevel.Warning, "Pool {Pool}: other tasks like ours have been running for {Waited}; taken as others' work, taking over goes on")]
    public static partial void UnknownTasksLeft(ILogger logger, string pool, TimeSpan waited);

    [LoggerMessage(2030, LogLevel.Information, "Host {Host} ({HostName}): {From} -> {To}")]
    public static partial void HostHealthChanged(ILogger logger, HostId host, string hostName, HostStatus from, HostStatus to);

    [LoggerMessage(2031, LogLevel.Warning, "Host {Host} ({HostName}) silent for {Silence}; no new instance goes there. What runs there is left alone")]
    public static partial void HostDown(ILogger logger, HostId host, string hostName, TimeSpan silence);
}
