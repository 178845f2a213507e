namespace Cells.Api.Http;

/// <summary>
/// Reads a request's body up to a bound. One that is larger is read on to its end and thrown away: a client that still writes when the connection
/// closes would see a reset instead of the 413 that says why. What is too large even to be thrown away, the server cuts off
/// (<see cref="Discarded"/> bytes).
/// </summary>
internal static class BoundedBody
{
    /// <summary>Bytes of a body that are taken in at all, read or thrown away.</summary>
    public const long Discarded = 16 * 1024 * 1024;

    /// <returns>The whole body; null when it has more than <paramref name="maximum"/> bytes.</returns>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(Stream body, int maximum, CancellationToken stop)
    {
        var taken = new MemoryStream();
        var buffer = new byte[16 * 1024];
        var length = 0L;
        for (int read; (read = await body.ReadAsync(buffer, stop)) > 0;)
        {
            length += read;
            if (length <= maximum)
                taken.Write(buffer, 0, read);
        }
        return length <= maximum ? new ReadOnlyMemory<byte>(taken.GetBuffer(), 0, (int)length) : (ReadOnlyMemory<byte>?)null;
    }
}
