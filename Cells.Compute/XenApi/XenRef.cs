namespace Cells.Compute.XenApi;

/// <summary>A reference without its class, for what is generic over classes (events, encoding).</summary>
public interface IXenRef
{
    string Value { get; }
    bool IsNull { get; }
}

/// <summary>
/// An opaque reference to an object of class <typeparamref name="T"/>. It names the object until the coordinator's database is reloaded or
/// another host becomes coordinator; what must last is kept by uuid.
/// </summary>
public readonly record struct XenRef<T>(string Value) : IXenRef, IComparable<XenRef<T>>
{
    /// <summary>The null reference on the wire (XenAPI wire protocol).</summary>
    public const string NullText = "OpaqueRef:NULL";

    public static readonly XenRef<T> Null = new(NullText);

    // Fields of old databases hold "" or "Ref:..." where newer ones hold OpaqueRef:NULL; the default of the struct counts as null too.
    public bool IsNull => Value is null or "" or NullText || Value.StartsWith("Ref:", StringComparison.Ordinal);

    public int CompareTo(XenRef<T> other) => string.CompareOrdinal(Value, other.Value);
    public override string ToString() => Value ?? NullText;

    public static bool operator <(XenRef<T> left, XenRef<T> right) => left.CompareTo(right) < 0;
    public static bool operator >(XenRef<T> left, XenRef<T> right) => left.CompareTo(right) > 0;
    public static bool operator <=(XenRef<T> left, XenRef<T> right) => left.CompareTo(right) <= 0;
    public static bool operator >=(XenRef<T> left, XenRef<T> right) => left.CompareTo(right) >= 0;
}
