using System.Globalization;
using System.IO.Compression;
using Cells.Contracts;

namespace Cells.Host.Replay;

/// <summary>
/// One VM of a recorded workload. Columns: t_s, batch, vcpus, mem_gib, life_lo_s, life_hi_s, censored (the Azure VM trace V1 in its prepared
/// form); the lifetime lies in [lo, hi).
/// </summary>
/// <param name="Line">Line in the file, for messages.</param>
/// <param name="EndsAt">When it is deleted, seconds on the trace's clock; null when it outlived the recording.</param>
internal sealed record TraceRow(int Line, double At, int Batch, int Vcpus, long MemoryMib, double? EndsAt)
{
    private static readonly string[] Header = ["t_s", "batch", "vcpus", "mem_gib", "life_lo_s", "life_hi_s", "censored"];
    private const int LeastColumns = 4;

    /// <summary>Reads rows one by one, from plain or gzip files.</summary>
    /// <exception cref="CellsException">The file is not such a trace; the message names the line and the column.</exception>
    public static IEnumerable<TraceRow> Read(string path)
    {
        if (!File.Exists(path))
            throw new CellsException($"{path}: there is no such file. A small sample lies in Cells.Host/samples/trace.csv.");
        using var file = File.OpenRead(path);
        using var reader = new StreamReader(IsGzip(file) ? new GZipStream(file, CompressionMode.Decompress) : file);
        var header = Next(reader, path)?.Split(',') ?? throw new CellsException($"{path}: the file is empty.");
        if (header.Length < LeastColumns || !Header.AsSpan(0, header.Length > Header.Length ? Header.Length : header.Length).SequenceEqual(header))
            throw new CellsException($"{path}, line 1: the columns must be {string.Join(',', Header)} (the last three may be left out), not '{string.Join(',', header)}'.");
        var before = 0.0;
        for (var line = 2; Next(reader, path) is { } text; line++)
        {
            if (text.Length == 0)
                continue;
            var row = Parse(path, line, text.Split(','), header.Length);
            if (row.At < before)
                throw new CellsException(string.Create(CultureInfo.InvariantCulture, $"{path}, line {line}: t_s {row.At} is before {before} of a line above it: the rows must stand in the order of time."));
            before = row.At;
            yield return row;
        }
    }

    private static TraceRow Parse(string path, int line, string[] cells, int columns)
    {
        if (cells.Length != columns)
            throw new CellsException($"{path}, line {line}: {cells.Length} columns where the first line has {columns}.");
        var at = Number(0, 0);
        var vcpus = Number(2, 1);
        var memoryGib = Number(3, 0.001);
        var low = columns > 4 && cells[4].Length > 0 ? Number(4, 0) : (double?)null;
        var high = columns > 5 && cells[5].Length > 0 ? Number(5, 0) : (double?)null;
        var censored = columns > 6 && cells[6] == "1";
        // Inside [lo, hi) any moment is as true as another; the middle is taken.
        var endsAt = censored || low is null || high is null ? (double?)null : at + ((low.Value + high.Value) / 2);
        return new TraceRow(line, at, (int)Number(1, 0), (int)vcpus, (long)Math.Ceiling(memoryGib * 1024), endsAt);

        double Number(int column, double least) =>
            double.TryParse(cells[column], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && double.IsFinite(value)
                ? value
                : throw new CellsException($"{path}, line {line}: column {Header[column]} must be a number of at least {least}, not '{cells[column]}'.");
    }

    private static string? Next(StreamReader reader, string path)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (InvalidDataException error)
        {
            throw new CellsException($"{path}: the gzip data is broken ({error.Message}).", error);
        }
    }

    private static bool IsGzip(FileStream file)
    {
        var gzip = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        return gzip;
    }
}
