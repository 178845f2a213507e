using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace Cells.XenSim.Http;

/// <summary>
/// The bytes of every image that was imported, one file by digest for all disks of the fleet: guests write nothing, so a disk is what was imported, and zeros.
/// Zeros take no room on the file system. With a data directory they outlive the simulator; without, they end with it.
/// </summary>
internal sealed class DiskBytes : IDisposable
{
    private const int PieceBytes = 256 * 1024;

    private readonly string _directory;
    private readonly bool _ends;
    private long _incoming;

    /// <param name="directory">Null: a directory of its own, removed at the end.</param>
    public DiskBytes(string? directory)
    {
        _ends = directory is null;
        _directory = directory ?? Directory.CreateTempSubdirectory("xensim-disks-").FullName;
        Directory.CreateDirectory(_directory);
    }

    /// <summary>Once, before anything is imported: removes what no disk has any more, and what a crash left.</summary>
    /// <param name="known">The digests that disks have.</param>
    public void KeepOnly(IReadOnlySet<string> known)
    {
        foreach (var path in Directory.EnumerateFiles(_directory).Where(p => !known.Contains(Path.GetFileName(p))).Order(StringComparer.Ordinal).ToList())
            File.Delete(path);
    }

    /// <summary>Reads to the end, also when less came than was announced.</summary>
    /// <returns>How much came, its digest, and whether it ended in order.</returns>
    public async Task<(long Length, string Sha256, bool Complete)> TakeAsync(Stream body)
    {
        var unfinished = Path.Combine(_directory, $"{Interlocked.Increment(ref _incoming).ToString(CultureInfo.InvariantCulture)}.part");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        var (length, complete) = (0L, true);
        try
        {
            await using (var file = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 }))
            {
                try
                {
                    for (int read; (read = await body.ReadAsync(piece, CancellationToken.None)) > 0; length += read)
                    {
                        hash.AppendData(piece, 0, read);
                        if (piece.AsSpan(0, read).ContainsAnyExcept((byte)0)) await file.WriteAsync(piece.AsMemory(0, read), CancellationToken.None);
                        else file.Seek(read, SeekOrigin.Current);
                    }
                }
                catch (IOException)
                {
                    complete = false;   // less came than was announced: the host tells it in the task
                }
                file.SetLength(length);
            }
            var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            if (complete) File.Move(unfinished, Path.Combine(_directory, sha256), overwrite: true);
            return (length, sha256, complete);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
            File.Delete(unfinished);
        }
    }

    /// <summary>Whether the bytes of that digest are here; those of a journal from before they were kept are not.</summary>
    public bool Has(string sha256) => sha256.Length == 0 || File.Exists(Path.Combine(_directory, sha256));

    /// <summary>What a disk reads as, in order: the imported bytes, then zeros up to its length.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string sha256, long contentLength, long length, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var piece = new byte[PieceBytes];
        var left = Math.Min(contentLength, length);
        if (left > 0)
        {
            await using var file = new FileStream(Path.Combine(_directory, sha256), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, useAsync: true);
            for (int read; left > 0 && (read = await file.ReadAsync(piece.AsMemory(0, (int)Math.Min(left, PieceBytes)), cancellation)) > 0; left -= read)
                yield return piece.AsMemory(0, read);
        }
        piece.AsSpan().Clear();
        for (left += Math.Max(0, length - contentLength); left > 0; left -= Math.Min(left, PieceBytes))
            yield return piece.AsMemory(0, (int)Math.Min(left, PieceBytes));
    }

    public void Dispose()
    {
        if (_ends) Directory.Delete(_directory, recursive: true);
    }
}
