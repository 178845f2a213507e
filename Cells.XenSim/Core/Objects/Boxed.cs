namespace Cells.XenSim.Core.Objects;

/// <summary>Field values are objects; the frequent ones are boxed once.</summary>
internal static class Boxed
{
    public static readonly object True = true;
    public static readonly object False = false;
    private static readonly object[] Small = [.. Enumerable.Range(-1, 66).Select(i => (object)(long)i)];

    public static object Bool(bool value) => value ? True : False;
    public static object Int(long value) => value is >= -1 and < 65 ? Small[value + 1] : value;
}
