using Microsoft.Extensions.Logging;

namespace Cells.Chaos.Invariants;

/// <summary>
/// Failures inside the product: an actor that threw, a change that the database refused for good, an asker's bug. A supervisor may repair them;
/// they are bugs all the same.
/// </summary>
internal sealed class StepFailures : ILoggerFactory, ILogger
{
    public Violation? Found { get; private set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("A stepped world has one listener.");

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error)
            Found ??= new Violation("step", $"{formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
