using Cells.Contracts;
using Microsoft.Extensions.Logging;

namespace Cells.Compute.Nodes;

/// <summary>What the nodes of a cell log. Numbers 2600 to 2699.</summary>
internal static partial class NodeTelemetry
{
    [LoggerMessage(2600, LogLevel.Information, "Node {Node} of cell {Cell} takes part, under epoch {Epoch}")]
    public static partial void Lives(ILogger logger, NodeName node, CellName cell, long epoch);

    [LoggerMessage(2601, LogLevel.Information, "Node {Node}: attached to node {Leader}, which leads under epoch {Epoch}")]
    public static partial void Attached(ILogger logger, NodeName node, NodeName leader, long epoch);

    [LoggerMessage(2602, LogLevel.Debug, "Node {Node}: a {Message} could not be sent to node {Leader}; all is shown again")]
    public static partial void NotSent(ILogger logger, NodeName node, NodeName leader, string message);

    [LoggerMessage(2603, LogLevel.Warning, "Node {Node} was given pool {Pool}, which its configuration does not name: nobody runs it. Name it in this node's file too")]
    public static partial void NotConfigured(ILogger logger, NodeName node, string pool);

    [LoggerMessage(2610, LogLevel.Information, "Pool {Pool} is given to node {Node}")]
    public static partial void Gives(ILogger logger, string pool, NodeName node);

    [LoggerMessage(2611, LogLevel.Warning, "Node {Node} is gone: {Reason}. Its pools are {Pools}")]
    public static partial void Gone(ILogger logger, NodeName node, string reason, string pools);

    [LoggerMessage(2612, LogLevel.Information, "Node {Node} attached, session {Session}")]
    public static partial void Came(ILogger logger, NodeName node, long session);

    [LoggerMessage(2613, LogLevel.Information, "Node {Node}: message {Got} came where {Expected} was expected; it begins again")]
    public static partial void Gap(ILogger logger, NodeName node, long got, long expected);

    [LoggerMessage(2614, LogLevel.Warning, "A frame between nodes of cell {Cell} was not signed with its key, or is of another version, and was dropped: its nodes need copies of one .sessions.key")]
    public static partial void BadFrame(ILogger logger, CellName cell);
}
