using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cells.Api.Dispatch;
using Cells.Api.Identity;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Images;

/// <summary>
/// Leave for one cell to read one image's bytes for ten minutes: <c>v1.image.cell.end.mac</c>, where the mac is HMAC-SHA256 under a key that
/// only the home has. <c>w1</c> in place of <c>v1</c> is leave to bring a snapshot's bytes, given to the cell that holds its server.
/// </summary>
public sealed class ImageTickets : IImageTickets
{
    public const string Header = "X-Cells-Image-Ticket";
    internal const string ToRead = "v1", ToWrite = "w1";
    private static readonly TimeSpan Term = TimeSpan.FromMinutes(10);

    private readonly byte[] _key;
    private readonly ImageStore _store;
    private readonly SnapshotStore _snapshots;
    private readonly TimeProvider _time;
    private readonly HomeOptions _options;

    internal ImageTickets(ImageStore store, SnapshotStore snapshots, TimeProvider time, IIdSource ids, HomeOptions options, ILogger logger)
    {
        (_store, _snapshots, _time, _options) = (store, snapshots, time, options);
        _key = KeyFile.ReadOrMake(options.KeyDirectory, "image-tickets.key", () =>
        {
            var key = new byte[32];
            ids.Fill(key);
            return key;
        }, logger);
    }

    public async Task<ImageTicket> IssueAsync(RequestImageTicket request, CancellationToken stop)
    {
        var (image, cell) = (request.Image, request.Cell);
        if (request.ToWrite)
            return await IssueToWriteAsync(image, cell, stop) with { ToWrite = true };
        return await _store.FindAsync(image, stop) is { Data: not null }
            ? Signed(ToRead, image, cell)
            : Refused(image, cell, $"Image {image} is not here any more, or has no bytes.");
    }

    private async Task<ImageTicket> IssueToWriteAsync(ImageId image, CellName cell, CancellationToken stop)
    {
        if (await _store.FindAsync(image, stop) is not { } stored)
            return Refused(image, cell, $"Image {image} is not here any more.");
        if (await _snapshots.FindAsync(image, stop) is not { } snapshot)
            return Refused(image, cell, $"Image {image} is no snapshot: its bytes come from its owner.");
        if (snapshot.Cell != cell)
            return Refused(image, cell, $"Image {image} is of server {snapshot.Instance}, which cell {cell} does not hold.");
        return stored.Data is null ? Signed(ToWrite, image, cell) : new ImageTicket(image, cell, "", "", Refusal: null) { Stored = true };
    }

    private ImageTicket Signed(string kind, ImageId image, CellName cell)
    {
        var end = _time.GetUtcNow().Add(Term).ToUnixTimeSeconds();
        var ticket = $"{kind}.{image}.{cell}.{end.ToString(CultureInfo.InvariantCulture)}";
        return new ImageTicket(image, cell, $"{_options.BaseUrl}/cells/v1/images/{image}/file", $"{ticket}.{Mac(ticket)}", Refusal: null);
    }

    private static ImageTicket Refused(ImageId image, CellName cell, string why) => new(image, cell, "", "", why);

    /// <param name="kind"><see cref="ToRead"/> or <see cref="ToWrite"/>.</param>
    /// <returns>Why the ticket does not open this image; null when it does.</returns>
    internal string? Refusal(string kind, ImageId image, string? ticket)
    {
        var last = ticket?.LastIndexOf('.') ?? -1;
        if (last < 0)
            return $"The header {Header} holds no ticket.";
        var signed = ticket![..last];
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Mac(signed)), Encoding.ASCII.GetBytes(ticket[(last + 1)..])))
            return "The ticket was not issued here.";
        var parts = signed.Split('.');
        if (parts[0] != kind)
            return kind == ToWrite ? "The ticket is to read, not to write." : "The ticket is to write, not to read.";
        if (parts[1] != image.ToString())
            return $"The ticket is for image {parts[1]}.";
        return DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[3], CultureInfo.InvariantCulture)) <= _time.GetUtcNow()
            ? "The ticket is over: ask for another one."
            : null;
    }

    private string Mac(string text) => Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(text)));
}
