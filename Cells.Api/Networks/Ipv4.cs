using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Cells.Api.Networks;

/// <summary>An IPv4 address as a number, so that ranges can be counted.</summary>
internal readonly record struct Ipv4(uint Value) : IComparable<Ipv4>
{
    /// <summary>Four decimal parts and nothing else: "10.1" and "010.0.0.1" are no addresses here.</summary>
    public static Ipv4? Parse(string? text)
    {
        if (!IPAddress.TryParse(text, out var address) || address.AddressFamily != AddressFamily.InterNetwork || address.ToString() != text)
            return null;
        Span<byte> bytes = stackalloc byte[4];
        return address.TryWriteBytes(bytes, out _) ? new Ipv4(BinaryPrimitives.ReadUInt32BigEndian(bytes)) : null;
    }

    public int CompareTo(Ipv4 other) => Value.CompareTo(other.Value);

    public override string ToString() => $"{Value >> 24}.{(Value >> 16) & 255}.{(Value >> 8) & 255}.{Value & 255}";
}

/// <summary>From one address to another, both included.</summary>
internal readonly record struct AddressRange(Ipv4 From, Ipv4 To)
{
    public long Count => (long)To.Value - From.Value + 1;

    public bool Contains(Ipv4 address) => From.Value <= address.Value && address.Value <= To.Value;

    public bool Overlaps(AddressRange other) => From.Value <= other.To.Value && other.From.Value <= To.Value;
}

/// <summary>A network in the form 10.0.0.0/24; prefix 8 to 30.</summary>
internal readonly record struct Cidr(Ipv4 First, int Prefix)
{
    public AddressRange All => new(First, new Ipv4(First.Value | (uint.MaxValue >> Prefix)));

    /// <summary>Without the network's own address and the broadcast address.</summary>
    public AddressRange Usable => new(new Ipv4(All.From.Value + 1), new Ipv4(All.To.Value - 1));

    /// <returns>Null when it is none; then <paramref name="problem"/> says why.</returns>
    public static Cidr? Parse(string text, out string problem)
    {
        problem = $"'{text}' isn't a recognized IP subnet cidr: it looks like 10.0.0.0/24.";
        if (text.Split('/') is not [var first, var bits] || Ipv4.Parse(first) is not { } address
            || !int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out var prefix))
            return null;
        if (prefix is < 8 or > 30)
        {
            problem = $"'{text}': a subnet has a prefix of 8 to 30.";
            return null;
        }
        var cidr = new Cidr(new Ipv4(address.Value & ~(uint.MaxValue >> prefix)), prefix);
        if (cidr.First == address)
            return cidr;
        problem = $"'{text}' isn't a recognized IP subnet cidr, '{cidr}' is recommended.";
        return null;
    }

    public override string ToString() => $"{First}/{Prefix}";
}
