namespace Cells.Compute.XenApi;

/// <summary>What a call does to the host, which decides what its lost answer means.</summary>
public enum XenEffect
{
    /// <summary>Changes nothing, or the same thing again: may be repeated freely.</summary>
    Reads = 1,

    /// <summary>May change something: a lost answer is an unknown outcome.</summary>
    Changes = 2,
}

/// <summary>One message of the XenAPI, as published (or known) about it.</summary>
/// <param name="Parameters">Values sent, the session included where the message takes one.</param>
/// <param name="Since">The release that published it, in the datamodel's words; "hidden" for messages the published datamodel leaves out.</param>
/// <param name="HasAsync">An <c>Async.</c> form exists and returns a task.</param>
public sealed record XenCall(string Class, string Method, int Parameters, XenEffect Effect, string Since, bool HasAsync = false, bool TakesSession = true)
{
    public string Name { get; } = $"{Class}.{Method}";

    public override string ToString() => Name;
}
