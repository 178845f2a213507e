namespace Cells.Compute.XenApi;

/// <summary>
/// A call as a value: what to send and how to read the answer. The classes give them in the SDK's shape, <c>Vm.StartOn(vm, host, …)</c>; a
/// <see cref="XapiSession"/> performs them.
/// </summary>
/// <param name="Arguments">Without the session. Text, numbers, booleans, references, maps, lists, or a constructor record (a map of these).</param>
public sealed record XenRequest<T>(XenCall Call, IReadOnlyList<object> Arguments, Func<XenValue, T> Read)
{
    /// <summary>How long the answer may take. Long work runs as a task, so a minute is long for any one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    public override string ToString() => Call.Name;
}

/// <summary>The answer of a message that answers nothing.</summary>
public readonly record struct XenVoid
{
    internal static XenVoid Read(XenValue value) => default;
}
