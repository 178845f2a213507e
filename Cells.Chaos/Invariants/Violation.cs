namespace Cells.Chaos.Invariants;

/// <param name="Invariant">I1 to I7, as docs/testing.md number them; or <c>step</c> for a failure inside the product.</param>
public sealed record Violation(string Invariant, string Story)
{
    public override string ToString() => $"{Invariant}: {Story}";
}
