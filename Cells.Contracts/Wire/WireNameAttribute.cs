namespace Cells.Contracts.Wire;

/// <summary>A message's name on the wire, with its version. Extend only: a change of meaning is a new version.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class WireNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
