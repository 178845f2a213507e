using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cells.Api.Http;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Images;

/// <summary>
/// The bytes of images: one file each in the image directory, never changed after it has its name. A file that no image has is a leftover of a
/// crash and is removed at the start.
/// </summary>
internal sealed class ImageFiles
{
    private const int ChunkBytes = 256 * 1024;
    private const string Unfinished = ".part";
    private readonly string _directory;

    public ImageFiles(string directory)
    {
        _directory = Path.GetFullPath(directory);
        Directory.CreateDirectory(_directory);
    }

    public string PathOf(ImageData data) => Path.Combine(_directory, data.FileName);

    /// <summary>Writes the bytes, flushed to disk, under their final name.</summary>
    /// <param name="name">Never used before.</param>
    /// <exception cref="IOException">The disk is full or failed, or the sender went away; nothing is left behind.</exception>
    public async Task<ImageData> WriteAsync(string name, Stream content, CancellationToken stop)
    {
        var unfinished = Path.Combine(_directory, name + Unfinished);
        try
        {
            var data = await CopyAsync(name, content, unfinished, stop);
            File.Move(unfinished, Path.Combine(_directory, name));
            FlushDirectory();
            return data;
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    public void Delete(string name) => File.Delete(Path.Combine(_directory, name));

    /// <summary>Removes what no image has.</summary>
    /// <param name="before">Only what was last written to before; null: everything.</param>
    public void RemoveLeftovers(IReadOnlySet<string> known, DateTimeOffset? before, ILogger logger)
    {
        foreach (var path in Directory.EnumerateFiles(_directory).Order(StringComparer.Ordinal))
        {
            if (known.Contains(Path.GetFileName(path)) || File.GetLastWriteTimeUtc(path) >= before?.UtcDateTime)
                continue;
            File.Delete(path);
            HomeTelemetry.LeftoverRemoved(logger, path);
        }
    }

    private static async Task<ImageData> CopyAsync(string name, Stream content, string path, CancellationToken stop)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);   // Glance's checksum; clients compare it
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            await using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, BufferSize = 0 });
            long size = 0;
            while (await content.ReadAsync(chunk.AsMemory(0, ChunkBytes), stop) is var read and > 0)
            {
                foreach (var hash in new[] { md5, sha256, sha512 })
                    hash.AppendData(chunk, 0, read);
                // A disk is mostly zeros: they are not written, and read as zeros all the same.
                if (chunk.AsSpan(0, read).ContainsAnyExcept((byte)0))
                    await file.WriteAsync(chunk.AsMemory(0, read), stop);
                else
                    file.Seek(read, SeekOrigin.Current);
                size += read;
            }
            file.SetLength(size);
            file.Flush(flushToDisk: true);
            return new ImageData(name, size, Hex(md5), Hex(sha256), Hex(sha512));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());

    // A rename survives a power cut only once its directory is flushed; .NET opens no directories.
    private void FlushDirectory()
    {
        var descriptor = Open(_directory, flags: 0);
        if (descriptor < 0)
            throw new IOException($"The image directory {_directory} cannot be opened to be flushed (errno {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (Flush(descriptor) != 0)
                throw new IOException($"The image directory {_directory} cannot be flushed (errno {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true, BestFitMapping = false)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Flush(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
