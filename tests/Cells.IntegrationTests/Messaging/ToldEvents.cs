using Microsoft.Extensions.Logging;

namespace Cells.IntegrationTests.Messaging;

/// <summary>A log that a test reads: the lines as operators see them, without levels.</summary>
internal sealed class ToldEvents : ILogger
{
    private readonly Lock _lock = new();
    private readonly List<string> _events = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
                return [.. _events];
        }
    }

    public IReadOnlyList<string> Of(string way)
    {
        lock (_lock)
            return [.. _events.Where(told => told.StartsWith(way + ":", StringComparison.Ordinal))];
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
            _events.Add(formatter(state, exception));
    }
}
