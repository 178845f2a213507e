using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Cells.Contracts;
using Cells.Messaging.Links;

namespace Cells.Messaging;

/// <summary>
/// The bytes of a frame, little-endian: version 1, kind 1, key id 4, incarnation 8, session 8, sequence 8, body length 4, length of from 1,
/// length of to 1, from, to, body, and HMAC-SHA256 (32) over all bytes before it.
/// </summary>
internal static class EnvelopeCodec
{
    public const byte Version = 1;
    private const int FixedBytes = 36;
    private const int MacBytes = HMACSHA256.HashSizeInBytes;

    public static byte[] Seal(Envelope envelope, LinkKey key)
    {
        var (from, to) = (envelope.From.Value, envelope.To.Value);
        var frame = new byte[FixedBytes + from.Length + to.Length + envelope.Body.Length + MacBytes];
        frame[0] = Version;
        frame[1] = (byte)envelope.Kind;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(2), key.Id);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(6), envelope.Incarnation);
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(14), envelope.Session);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(22), envelope.Sequence);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(30), envelope.Body.Length);
        frame[34] = (byte)from.Length;     // a cell name has at most 63 ASCII characters
        frame[35] = (byte)to.Length;
        Encoding.ASCII.GetBytes(from, frame.AsSpan(FixedBytes));
        Encoding.ASCII.GetBytes(to, frame.AsSpan(FixedBytes + from.Length));
        envelope.Body.Span.CopyTo(frame.AsSpan(FixedBytes + from.Length + to.Length));
        key.Sign(frame.AsSpan(0, frame.Length - MacBytes), frame.AsSpan(frame.Length - MacBytes));
        return frame;
    }

    /// <summary>Opens a frame that came to <paramref name="to"/> by the way from <paramref name="from"/>. Nothing unsigned is believed.</summary>
    /// <returns><see cref="FrameRefusal.None"/> and the envelope, or why not. The envelope's body is a slice of the frame.</returns>
    public static FrameRefusal TryOpen(ReadOnlyMemory<byte> frame, CellName from, CellName to, LinkKey? key, out Envelope? envelope)
    {
        envelope = null;
        var bytes = frame.Span;
        if (bytes.Length == 0)
            return FrameRefusal.Truncated;
        if (bytes[0] != Version)
            return FrameRefusal.UnknownVersion;
        if (bytes.Length < FixedBytes + MacBytes)
            return FrameRefusal.Truncated;
        var bodyLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[30..]);
        var bodyAt = FixedBytes + bytes[34] + bytes[35];
        if (bodyLength < 0 || (long)bodyAt + bodyLength + MacBytes != bytes.Length)
            return FrameRefusal.Truncated;
        if (key is null || BinaryPrimitives.ReadUInt32LittleEndian(bytes[2..]) != key.Id)
            return FrameRefusal.UnknownKey;
        if (!key.Verifies(bytes[..^MacBytes], bytes[^MacBytes..]))
            return FrameRefusal.BadSignature;
        if (!CellName.TryParse(Encoding.ASCII.GetString(bytes.Slice(FixedBytes, bytes[34])), out var signedFrom)
            || !CellName.TryParse(Encoding.ASCII.GetString(bytes.Slice(FixedBytes + bytes[34], bytes[35])), out var signedTo)
            || signedFrom != from
            || signedTo != to)
        {
            return FrameRefusal.WrongAddress;
        }
        var kind = (FrameKind)bytes[1];
        if (!Enum.IsDefined(kind))
            return FrameRefusal.Malformed;
        envelope = new Envelope(
            signedFrom,
            signedTo,
            kind,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[6..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[14..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[22..]),
            frame.Slice(bodyAt, bodyLength));
        return FrameRefusal.None;
    }
}
