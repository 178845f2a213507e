using Cells.Contracts;
using Cells.Host.Configuration;
using Cells.Messaging.Nodes;
using Cells.Messaging.Transports;
using Cells.Messaging.Transports.PrivateBrokers;
using Cells.Messaging.Transports.RabbitMq;
using Microsoft.Extensions.Logging;

namespace Cells.Host.Up;

/// <summary>What carries frames between the cells of a tree: this process's memory, a private RabbitMQ node of ours, or brokers that were named.</summary>
internal sealed class Bus : IAsyncDisposable
{
    private readonly PrivateBroker? _node;
    private readonly KeepRunning? _watch;

    private Bus(ITransport transport, PrivateBroker? node, KeepRunning? watch) => (Transport, _node, _watch) = (transport, node, watch);

    public ITransport Transport { get; }

    private readonly Dictionary<CellName, RabbitMqNodeBus> _nodes = [];

    /// <summary>Between the nodes of one cell of this process; null where nothing could carry frames to another process.</summary>
    public INodeBus? NodesOf(CellName cell) => _nodes.GetValueOrDefault(cell);

    /// <summary>What it is, for people; null where there is nothing to say.</summary>
    public string? Told { get; private init; }

    /// <summary>For a whole tree in this process.</summary>
    /// <exception cref="CellsException">The private node does not start, or the named broker does not let a cell in.</exception>
    public static Task<Bus> StartAsync(BusChoice choice, DataDirectory directory, Topology topology, TimeProvider time, ILoggerFactory loggers, CancellationToken stop) => choice switch
    {
        { UsesRabbitMq: false } => InProcessAsync(directory, time, stop),
        { Broker: { } broker } => NamedAsync(broker, directory, topology, time, loggers, stop),
        _ => PrivateAsync(directory, topology, time, loggers, stop),
    };

    /// <summary>Ends the private node that a killed process may have left, which nobody needs now.</summary>
    private static async Task<Bus> InProcessAsync(DataDirectory directory, TimeProvider time, CancellationToken stop)
    {
        await PrivateBroker.StopLeftAsync(directory.RabbitMq, time, stop);
        return new Bus(new InProcessTransport(), null, null);
    }

    private static async Task<Bus> PrivateAsync(DataDirectory directory, Topology topology, TimeProvider time, ILoggerFactory loggers, CancellationToken stop)
    {
        var log = loggers.CreateLogger("Cells.Up");
        var node = await PrivateBroker.StartAsync(
            new PrivateBrokerOptions(directory.RabbitMq, directory.Bus.Definitions(topology)) { MayInstall = true }, time, log, stop);
        var transport = new RabbitMqTransport(directory.Bus.Options(topology, _ => node.Url), time, loggers.CreateLogger("Cells.Bus"));
        return new Bus(transport, node, new KeepRunning("RabbitMQ", node.Directory, () => node.IsRunning, node.RestartAsync, () => (node.ProcessId, node.Port), time, log))
        {
            Told = $"{(node.TakenOver ? "took over the running" : "started a private")} RabbitMQ on 127.0.0.1:{node.Port} (process {node.ProcessId}), directory {node.Directory}",
        };
    }

    /// <param name="broker">amqp or amqps, host and port; it has the accounts and virtual hosts of <see cref="BusAccounts.Definitions"/>.</param>
    /// <exception cref="CellsException">It does not let a cell in.</exception>
    private static async Task<Bus> NamedAsync(Uri broker, DataDirectory directory, Topology topology, TimeProvider time, ILoggerFactory loggers, CancellationToken stop)
    {
        var options = directory.Bus.Options(topology, _ => broker);
        foreach (var own in options.Own)
            await BrokerCheck.EnterAsync(own.Url, stop);
        return new Bus(new RabbitMqTransport(options, time, loggers.CreateLogger("Cells.Bus")), null, null) { Told = $"uses RabbitMQ at {broker.Host}:{broker.Port}" };
    }

    /// <summary>Cells of one file: over its broker, and those of their neighbours in other processes. Brokers that are away are waited for.</summary>
    public static Bus Of(RunFile file, DataDirectory directory, TimeProvider time, ILoggerFactory loggers)
    {
        if (file.Bus is not { } own)
            return new Bus(new InProcessTransport(), null, null);
        var here = file.Topology.Cells.Select(cell => cell.Name).ToHashSet();
        // A child that was never given a token is expected at our own broker.
        var options = directory.Bus.Options(file.Topology, cell => here.Contains(cell) ? own : directory.Bus.FindBroker(cell) ?? own);
        var bus = new Bus(new RabbitMqTransport(options, time, loggers.CreateLogger("Cells.Bus")), null, null) { Told = $"uses RabbitMQ at {own.Host}:{own.Port}" };
        foreach (var broker in options.Own)
            bus._nodes[broker.Cell] = new RabbitMqNodeBus(broker.Cell, broker.Url, time, loggers.CreateLogger("Cells.Bus"));
        return bus;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var nodes in _nodes.Values)
            await nodes.DisposeAsync();
        if (Transport is IAsyncDisposable connected)
            await connected.DisposeAsync();
        if (_watch is not null)
            await _watch.DisposeAsync();
        if (_node is not null)
            await _node.DisposeAsync();
    }
}
