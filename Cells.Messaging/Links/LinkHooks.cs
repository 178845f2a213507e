namespace Cells.Messaging.Links;

/// <summary>Planted bugs, to prove that the checkers find them. Reachable from tests and stepped worlds only: no setting leads here.</summary>
/// <param name="AckBeforeCommit">Work counts as done, and is acknowledged, as soon as it has arrived, before its effects are durable.</param>
internal sealed record LinkHooks(bool AckBeforeCommit)
{
    public static readonly LinkHooks None = new(false);
}
