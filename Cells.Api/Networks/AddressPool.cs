namespace Cells.Api.Networks;

/// <summary>The addresses that a subnet gives out, numbered through all of its ranges. Pure.</summary>
/// <param name="Ranges">In order, not overlapping.</param>
internal sealed record AddressPool(IReadOnlyList<AddressRange> Ranges)
{
    public long Count { get; } = Ranges.Sum(range => range.Count);

    /// <summary>The ranges that the numbers from <paramref name="start"/> on make up, going on from the beginning after the end.</summary>
    /// <param name="length">At most <see cref="Count"/>.</param>
    public IReadOnlyList<AddressRange> Window(long start, long length)
    {
        var window = new List<AddressRange>();
        for (var left = length; left > 0;)
        {
            var (range, offset) = Find((start + length - left) % Count);
            var taken = Math.Min(left, range.Count - offset);
            var from = new Ipv4((uint)(range.From.Value + offset));
            window.Add(new AddressRange(from, new Ipv4((uint)(from.Value + taken - 1))));
            left -= taken;
        }
        return window;
    }

    /// <summary>The first addresses of the window that nobody has.</summary>
    public static IEnumerable<Ipv4> Free(IReadOnlyList<AddressRange> window, IReadOnlySet<Ipv4> taken) =>
        window.SelectMany(Addresses).Where(address => !taken.Contains(address));

    private (AddressRange Range, long Offset) Find(long number)
    {
        foreach (var range in Ranges)
        {
            if (number < range.Count)
                return (range, number);
            number -= range.Count;
        }
        throw new ArgumentOutOfRangeException(nameof(number), number, $"The pool has {Count} addresses.");
    }

    private static IEnumerable<Ipv4> Addresses(AddressRange range)
    {
        for (var value = (long)range.From.Value; value <= range.To.Value; value++)
            yield return new Ipv4((uint)value);
    }
}
