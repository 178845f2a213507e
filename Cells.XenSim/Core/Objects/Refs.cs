namespace Cells.XenSim.Core.Objects;

internal static class Refs
{
    public const string Null = "OpaqueRef:NULL";

    /// <summary>Old databases and some clients write the null reference as an empty string.</summary>
    public static bool IsNull(string reference) => reference.Length == 0 || reference == Null;
}
