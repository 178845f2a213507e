using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Cells.Messaging.Links;

/// <summary>Writes a frame's body: fixed-width numbers, little-endian, and byte strings with their length before them (-1 for null).</summary>
internal sealed class FrameWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    public int Length => _bytes.WrittenCount;
    public ReadOnlyMemory<byte> Body => _bytes.WrittenMemory;

    public FrameWriter Number(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    public FrameWriter Flag(bool value)
    {
        _bytes.GetSpan(1)[0] = value ? (byte)1 : (byte)0;
        _bytes.Advance(1);
        return this;
    }

    public FrameWriter Count(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public FrameWriter Bytes(ReadOnlySpan<byte> value)
    {
        Count(value.Length);
        _bytes.Write(value);
        return this;
    }

    public FrameWriter Text(string? value)
    {
        if (value is null)
            return Count(-1);
        Count(Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _bytes);
        return this;
    }
}
