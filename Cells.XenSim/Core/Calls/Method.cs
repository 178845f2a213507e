using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Calls;

internal delegate Step Handler(Call call);

/// <summary>A method as the wire knows it, and what carries it out.</summary>
/// <param name="Handler">Null when the data model publishes the method but the simulator has not got it: NOT_IMPLEMENTED.</param>
/// <param name="Works">The handler itself decides when its latency passes (between taking its objects and the effect).</param>
internal sealed record Method(string Name, MessageDef Definition, Handler? Handler, bool Works)
{
    public int Mandatory { get; } = Definition.Params.Count(p => !p.Optional);

    /// <summary>Whether the call may change the world; XenSim's accounting counts those per session.</summary>
    public bool Mutates { get; } = !ReadsOnly(Name);

    private static bool ReadsOnly(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var message = name[(dot + 1)..];
        return name.StartsWith("event.", StringComparison.Ordinal) || name.StartsWith("session.", StringComparison.Ordinal)
            || name.StartsWith("system.", StringComparison.Ordinal) || message.StartsWith("get_", StringComparison.Ordinal)
            || message.StartsWith("assert_", StringComparison.Ordinal) || message.StartsWith("compute_", StringComparison.Ordinal);
    }
}
