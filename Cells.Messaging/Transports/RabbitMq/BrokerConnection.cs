using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>
/// One connection to one broker, made anew with bounded back-off whenever it is lost, until it is ended. It runs beside the actors: they only
/// hand over frames and look at <see cref="Problem"/>.
/// </summary>
internal abstract class BrokerConnection(string way, Uri url, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(2);

    // A broker that stands still without closing anything is noticed after two of them.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _ending = new();
    private Task _running = Task.CompletedTask;
    private string? _problem = "it has not been reached yet";

    /// <summary>What is wrong with the broker, continuing a sentence that names it; null when it is used.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    protected string Way => way;
    protected TimeProvider Time => time;
    protected ILogger Logger => logger;
    protected bool IsEnding => _ending.IsCancellationRequested;

    public void Start() => _running = RunAsync();

    /// <summary>Nothing is sent or heard any more; the connection closes by itself.</summary>
    public void End() => _ending.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
    }

    /// <summary>Uses the connection until it is lost (<paramref name="lost"/> is cancelled) or something throws.</summary>
    protected abstract Task ServeAsync(IConnection connection, CancellationToken lost);

    /// <summary>The connection is gone, or was not made.</summary>
    protected virtual void OnLost() { }

    /// <summary>The broker takes and gives frames.</summary>
    protected void ShowOpen()
    {
        if (Interlocked.Exchange(ref _problem, null) is not null)
            BusTelemetry.Open(logger, way, BrokerNames.Shown(url));
    }

    protected void ShowProblem(string problem)
    {
        if (Interlocked.Exchange(ref _problem, problem) != problem)
            BusTelemetry.Lost(logger, way, $"the broker {BrokerNames.Shown(url)} {problem}");
    }

    private async Task RunAsync()
    {
        // Whoever began it, an actor perhaps, goes on at once.
        await Task.Yield();
        var backOff = BackOff.First;
        while (!IsEnding)
        {
            var began = time.GetTimestamp();
            try
            {
                await ServeOnceAsync();
            }
            catch (OperationCanceledException) when (IsEnding)
            {
                return;
            }
            catch (Exception error)
            {
                // Nothing may end this loop but its owner: a connection is the thing that gets lost.
                if (BrokerProblem.Of(error, url) is { } known)
                {
                    ShowProblem(known);
                }
                else
                {
                    BusTelemetry.Failed(logger, way, error);
                    ShowProblem($"failed ({error.Message})");
                }
            }
            OnLost();
            if (!await WaitAsync(backOff.Wait))
                return;
            backOff = backOff.After(time.GetElapsedTime(began));
        }
    }

    private async Task ServeOnceAsync()
    {
        var factory = new ConnectionFactory
        {
            Uri = url,
            ClientProvidedName = way,
            AutomaticRecoveryEnabled = false,         // we connect anew ourselves, and declare anew each time
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = Heartbeat,
            RequestedConnectionTimeout = ConnectWithin,
            HandshakeContinuationTimeout = ConnectWithin,
            ContinuationTimeout = ConnectWithin,
        };
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        var connection = await factory.CreateConnectionAsync(_ending.Token);
        try
        {
            string? why = null;
            connection.ConnectionShutdownAsync += (_, shutdown) =>
            {
                why = shutdown.ReplyText;
                return lost.CancelAsync();
            };
            try
            {
                await ServeAsync(connection, lost.Token);
            }
            catch (OperationCanceledException) when (!IsEnding && lost.IsCancellationRequested)
            {
                ShowProblem(BrokerProblem.Closed(why ?? connection.CloseReason?.ReplyText));
            }
        }
        finally
        {
            await connection.AbortAsync(Constants.ReplySuccess, "the way ends", CloseWithin);
            await connection.DisposeAsync();
        }
    }

    /// <returns>False when it was ended meanwhile.</returns>
    private async Task<bool> WaitAsync(TimeSpan wait)
    {
        try
        {
            await Task.Delay(wait, time, _ending.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
