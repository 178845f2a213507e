namespace Cells.Chaos.Stepping;

/// <summary>Something that the world itself does at a step: a client asks, a fault strikes. No cell's death takes it along.</summary>
internal sealed class Deed(string what, Action perform) : IEffect
{
    public string Owner => "world";

    public string Describe() => what;

    public void Perform() => perform();

    public void OwnerDied(Random chance)
    {
    }
}
