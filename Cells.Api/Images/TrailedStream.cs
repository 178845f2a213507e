namespace Cells.Api.Images;

/// <summary>
/// Bytes followed by a trailer of known length, as they come: the reader sees the bytes, and when they have ended, <see cref="Trailer"/>. So a sender may
/// say the digest of what it could only read once.
/// </summary>
internal sealed class TrailedStream(Stream inner, int trailerBytes) : Stream
{
    private readonly byte[] _held = new byte[trailerBytes];
    private byte[] _piece = [];
    private int _heldCount;

    /// <summary>Whole once everything was read; shorter when less than a trailer came.</summary>
    public ReadOnlyMemory<byte> Trailer => _held.AsMemory(0, _heldCount);

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
            return 0;
        if (_piece.Length < buffer.Length + trailerBytes)
            _piece = new byte[buffer.Length + trailerBytes];
        while (true)
        {
            var read = await inner.ReadAsync(_piece.AsMemory(_heldCount, buffer.Length), cancellationToken);
            if (read == 0)
                return 0;
            // What was held back comes first; the last of both is held back now.
            _held.AsSpan(0, _heldCount).CopyTo(_piece);
            var all = _heldCount + read;
            var given = Math.Max(0, all - trailerBytes);
            _piece.AsSpan(0, given).CopyTo(buffer.Span);
            _heldCount = all - given;
            _piece.AsSpan(given, _heldCount).CopyTo(_held);
            if (given > 0)
                return given;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
