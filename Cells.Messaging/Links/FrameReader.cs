using System.Buffers.Binary;
using System.Text;

namespace Cells.Messaging.Links;

/// <summary>Reads what <see cref="FrameWriter"/> wrote. Byte strings are slices of the frame.</summary>
/// <exception cref="InvalidDataException">From every method: the body ends early or names an impossible length.</exception>
internal sealed class FrameReader(ReadOnlyMemory<byte> body)
{
    private ReadOnlyMemory<byte> _rest = body;

    public long Number() => BinaryPrimitives.ReadInt64LittleEndian(Take(8).Span);

    public bool Flag() => Take(1).Span[0] != 0;

    public int Count() => BinaryPrimitives.ReadInt32LittleEndian(Take(4).Span);

    /// <summary>The length of a list whose entries take at least <paramref name="bytesEach"/>: nothing is allocated on the sender's word alone.</summary>
    public int ListLength(int bytesEach)
    {
        var count = Count();
        return count >= 0 && (long)count * bytesEach <= _rest.Length
            ? count
            : throw new InvalidDataException($"A list of {count} entries cannot be in the {_rest.Length} bytes that follow.");
    }

    public ReadOnlyMemory<byte> Bytes() => Take(Count());

    public string Text() => OptionalText() ?? throw new InvalidDataException("A text is missing.");

    public string? OptionalText()
    {
        var length = Count();
        return length == -1 ? null : Encoding.UTF8.GetString(Take(length).Span);
    }

    private ReadOnlyMemory<byte> Take(int length)
    {
        if (length < 0 || length > _rest.Length)
            throw new InvalidDataException($"The body ends {_rest.Length} bytes from here, and {length} more are named.");
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
