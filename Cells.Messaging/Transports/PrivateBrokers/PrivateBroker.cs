using Cells.Contracts;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.PrivateClusters;
using Cells.Messaging.Transports.RabbitMq;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Transports.PrivateBrokers;

/// <summary>
/// A RabbitMQ node of our own: its directory, its ports on the loopback, its port mapper (epmd), its server process. Both processes stand in
/// sessions of their own, so that neither Ctrl-C at a terminal nor the death of this process ends them; the next start on the directory finds
/// them and takes them over. Nothing that it holds counts: whenever in doubt it is restarted.
/// </summary>
/// <remarks>One process at a time may hold a directory: the caller has its <see cref="DirectoryLock"/>, or made the directory for itself.</remarks>
public sealed class PrivateBroker : IAsyncDisposable
{
    private const string Marker = "cells-private-broker";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly PrivateBrokerOptions _options;
    private readonly BrokerDirectory _directory;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ServerProcess? _node;
    private BrokerPorts? _ports;      // kept once given out

    private PrivateBroker(PrivateBrokerOptions options, TimeProvider time, ILogger logger) =>
        (_options, _directory, _time, _logger) = (options, new BrokerDirectory(options.Directory), time, logger);

    public string Directory => _options.Directory;

    /// <summary>For AMQP. Kept through <see cref="KillAsync"/> and <see cref="RestartAsync"/>, so that URLs stay good.</summary>
    public int Port => _ports?.Amqp ?? 0;

    /// <summary>Without an account: <see cref="BrokerNames.Url"/> adds one.</summary>
    public Uri Url => new($"amqp://127.0.0.1:{Port}");

    public int? ProcessId => _node?.Pid;

    /// <summary>False once the node has ended, by itself or by somebody's hand: <see cref="RestartAsync"/> brings it back.</summary>
    public bool IsRunning => _node?.IsAlive == true;

    /// <summary>Whether the node was found running, left by a former process, and taken over.</summary>
    public bool TakenOver { get; private set; }

    /// <summary>Makes the node if the directory is new, starts it if it does not run with these definitions, and returns when it answers.</summary>
    /// <exception cref="CellsException">It cannot be; the message names the reason and what to do.</exception>
    public static async Task<PrivateBroker> StartAsync(PrivateBrokerOptions options, TimeProvider time, ILogger logger, CancellationToken stop)
    {
        UnixPermissions.RequireUnix();
        var full = options with { Directory = Path.GetFullPath(options.Directory) };
        if (full.Directory.Any(char.IsWhiteSpace))
            throw new CellsException($"RabbitMQ cannot live in '{full.Directory}': its scripts divide names at spaces. Choose a directory without them.");
        await RabbitMqBinaries.EnsureAsync(full.MayInstall, logger, stop);
        var broker = new PrivateBroker(full, time, logger);
        broker._directory.Prepare(Marker);
        await broker.TakeOverAsync(stop);
        if (broker._node is null)
            await broker.StartNodeAsync(stop);
        return broker;
    }

    /// <summary>Ends the node and its port mapper. Idempotent.</summary>
    public async Task StopAsync(CancellationToken stop)
    {
        await StopAsync(_directory, _time, stop);
        _node = null;
    }

    /// <summary>For chaos: the node dies at once, as by kill -9. <see cref="RestartAsync"/> brings it back.</summary>
    public async Task KillAsync(CancellationToken stop)
    {
        if (_node is not { } node)
            return;
        node.Process.KillAtOnce();
        await WaitUntilGoneAsync(node, _time, stop);
        _node = null;
    }

    /// <summary>For chaos: the node stands still, connections open, as a machine that swaps; until <see cref="Continue"/>.</summary>
    public void Pause() => _node?.Process.Pause();

    public void Continue() => _node?.Process.Continue();

    /// <summary>Starts the node again on the same ports, after <see cref="StopAsync"/>, <see cref="KillAsync"/> or its own death.</summary>
    public async Task RestartAsync(CancellationToken stop)
    {
        await StopAsync(stop);
        await StartNodeAsync(stop);
    }

    /// <summary>For chaos: everything that the node ever held is gone, and it starts as a new one.</summary>
    public async Task WipeAsync(CancellationToken stop)
    {
        await KillAsync(stop);
        _directory.RemoveContents();
        await StartNodeAsync(stop);
    }

    /// <summary>Runs rabbitmqctl on the node, to look at it or to disturb it.</summary>
    /// <returns>What it said.</returns>
    /// <exception cref="CellsException">It ended with another code than 0.</exception>
    public Task<string> ControlAsync(IReadOnlyList<string> arguments, CancellationToken stop) =>
        ChildProcess.RunAsync(RabbitMqBinaries.Control, ["-q", "-n", BrokerDirectory.NodeName, .. arguments], _directory.Environment(_ports!, _options), stop);

    /// <summary>Stops the node and removes the directory with everything in it.</summary>
    /// <exception cref="CellsException">The directory does not carry our mark: nothing was removed.</exception>
    public Task RemoveAsync(CancellationToken stop) => RemoveLeftAsync(Directory, _time, stop);

    /// <summary>The same for a node that a former process left, whether it runs or not.</summary>
    /// <exception cref="CellsException">The directory does not carry our mark: nothing was removed.</exception>
    public static async Task RemoveLeftAsync(string directory, TimeProvider time, CancellationToken stop)
    {
        if (!File.Exists(Path.Combine(directory, Marker)))
            throw new CellsException($"{directory} does not carry the mark '{Marker}': it was not made here, and nothing was removed.");
        await StopLeftAsync(directory, time, stop);
        System.IO.Directory.Delete(directory, recursive: true);
    }

    /// <summary>Ends what a former process left running on the directory. Nothing when nothing does.</summary>
    public static Task StopLeftAsync(string directory, TimeProvider time, CancellationToken stop) => StopAsync(new BrokerDirectory(Path.GetFullPath(directory)), time, stop);

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private async Task TakeOverAsync(CancellationToken stop)
    {
        var running = _directory.FindNode();
        if (running is not null && _directory.HasDefinitions(_options.Definitions))
        {
            _ports = BrokerPorts.Of(running);
            if (await AnswersAsync(running, _time.GetTimestamp(), stop))
            {
                (_node, TakenOver) = (running, true);
                BusTelemetry.BrokerTakenOver(_logger, Directory, running.Pid, Port);
                return;
            }
        }
        if (running is not null)
            BusTelemetry.BrokerRestarted(_logger, Directory);
        await StopAsync(stop);           // also a port mapper alone
        _ports = null;
    }

    private async Task StartNodeAsync(CancellationToken stop)
    {
        var began = _time.GetTimestamp();
        var mayMove = _ports is null;    // nobody has heard of the ports yet
        while (true)
        {
            _ports = mayMove ? BrokerPorts.Free() : _ports!;
            _directory.Write(_ports, _options);
            if (_directory.FindPortMapper() is null)
                _directory.StartPortMapper(_ports, _options);
            var logged = _directory.LogLength;
            var node = _directory.StartNode(_ports, _options);
            if (node is not null && await AnswersAsync(node, began, stop))
            {
                _node = node;
                BusTelemetry.BrokerStarted(_logger, Directory, node.Pid, Port);
                return;
            }
            var complaint = ChildProcess.LastLines(_directory.ReadLog(logged));
            await StopAsync(_directory, _time, stop);
            if (_time.GetElapsedTime(began) > _options.StartTimeout)
                throw new CellsException($"The private RabbitMQ in {Directory} did not start within {_options.StartTimeout}: {complaint}\nIts log is {_directory.Log}.");
            BusTelemetry.BrokerStartRetried(_logger, Directory, complaint);
            await Task.Delay(Poll, _time, stop);
        }
    }

    /// <returns>False when it ended before it answered, or does not answer in time.</returns>
    private async Task<bool> AnswersAsync(ServerProcess node, long began, CancellationToken stop)
    {
        while (!await BrokerDirectory.IsReadyAsync(_ports!, stop))
        {
            if (!node.IsAlive || _time.GetElapsedTime(began) > _options.StartTimeout)
                return false;
            await Task.Delay(Poll, _time, stop);
        }
        return true;
    }

    /// <summary>The node first: its port mapper is the last that knows of it.</summary>
    private static async Task StopAsync(BrokerDirectory directory, TimeProvider time, CancellationToken stop)
    {
        if (directory.FindNode() is { } node)
        {
            node.Process.RequestTermination();
            await WaitUntilGoneAsync(node, time, stop);
        }
        if (directory.FindPortMapper() is { } mapper)
        {
            mapper.Process.KillAtOnce();         // it keeps nothing
            await WaitUntilGoneAsync(mapper, time, stop);
        }
    }

    /// <summary>Nothing of it counts, so one that takes too long is killed.</summary>
    private static async Task WaitUntilGoneAsync(ServerProcess server, TimeProvider time, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (server.IsAlive)
        {
            if (time.GetElapsedTime(began) > StopTimeout)
                server.Process.KillAtOnce();
            await Task.Delay(Poll, time, stop);
        }
    }
}
