using System.Diagnostics;

namespace Cells.Messaging;

/// <summary>
/// Spans of what cells do. A message carries its W3C trace context as text, so a span is begun under a text and never finds its parent by being
/// ambient: an actor's turn serves many requests. Without a listener every method returns at once and allocates nothing.
/// </summary>
public static class Traces
{
    /// <summary>The name under which exporters listen.</summary>
    public const string SourceName = "Cells";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>Whether anybody listens.</summary>
    public static bool On => s_source.HasListeners();

    /// <summary>Begins a span that <see cref="End"/> ends.</summary>
    /// <param name="parent">W3C trace context; null, or one that is none, begins a trace.</param>
    /// <returns>Null when nobody listens, or the trace is not sampled.</returns>
    public static Activity? Begin(string name, ActivityKind kind, string? parent)
    {
        if (!s_source.HasListeners())
            return null;
        var ambient = Activity.Current;
        try
        {
            Activity.Current = null;
            return s_source.StartActivity(name, kind, ActivityContext.TryParse(parent, null, isRemote: true, out var context) ? context : default);
        }
        finally
        {
            Activity.Current = ambient;
        }
    }

    /// <param name="error">Why it failed, in words without secrets; null when it did not.</param>
    public static void End(Activity? span, string? error = null)
    {
        if (span is null)
            return;
        if (error is not null)
            span.SetStatus(ActivityStatusCode.Error, error);
        var ambient = Activity.Current;
        span.Stop();
        Activity.Current = ambient;
    }

    /// <summary>Begins a call with the span as its ambient one, so that what it does in turn is found below it. The caller's own stays.</summary>
    public static Task<T> Within<T>(Activity? span, Func<Task<T>> call)
    {
        if (span is null)
            return call();
        var ambient = Activity.Current;
        try
        {
            Activity.Current = span;
            return call();
        }
        finally
        {
            Activity.Current = ambient;
        }
    }

    /// <summary>A span of a call to somebody outside the tree, below the ambient one. Where none is ambient nothing is begun: polling is no trace.</summary>
    /// <param name="prefix">With <paramref name="operation"/> the span's name; joined only when somebody listens.</param>
    public static Activity? Call(string prefix, string operation) =>
        s_source.HasListeners() && Activity.Current is not null ? s_source.StartActivity($"{prefix} {operation}", ActivityKind.Client) : null;
}
