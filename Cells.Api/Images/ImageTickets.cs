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
/// only the home has.
/// </summary>
public sealed class ImageTickets : IImageTickets
{
    public const string Header = "X-Cells-Image-Ticket";
    private static readonly TimeSpan Term = TimeSpan.FromMinutes(10);

    private readonly byte[] _key;
    private readonly ImageStore _store;
    private readonly TimeProvider _time;
    private readonly HomeOptions _options;

    internal ImageTickets(ImageStore store, TimeProvider time, IIdSource ids, HomeOptions options, ILogger logger)
    {
        (_store, _time, _options) = (store, time, options);
        _key = KeyFile.ReadOrMake(options.KeyDirectory, "image-tickets.key", () =>
        {
            var key = new byte[32];
            ids.Fill(key);
            return key;
        }, logger);
    }

    public async Task<ImageTicket> IssueAsync(ImageId image, CellName cell, CancellationToken stop)
    {
        if (await _store.FindAsync(image, stop) is not { Data: not null })
            return new ImageTicket(image, cell, "", "", $"Image {image} is not here any more, or has no bytes.");
        var end = _time.GetUtcNow().Add(Term).ToUnixTimeSeconds();
        var ticket = $"v1.{image}.{cell}.{end.ToString(CultureInfo.InvariantCulture)}";
        return new ImageTicket(image, cell, $"{_options.BaseUrl}/cells/v1/images/{image}/file", $"{ticket}.{Mac(ticket)}", Refusal: null);
    }

    /// <returns>Why the ticket does not open this image; null when it does.</returns>
    public string? Refusal(ImageId image, string? ticket)
    {
        var last = ticket?.LastIndexOf('.') ?? -1;
        if (last < 0)
            return $"The header {Header} holds no ticket.";
        var signed = ticket![..last];
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Mac(signed)), Encoding.ASCII.GetBytes(ticket[(last + 1)..])))
            return "The ticket was not issued here.";
        var parts = signed.Split('.');
        if (parts[1] != image.ToString())
            return $"The ticket is for image {parts[1]}.";
        return DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[3], CultureInfo.InvariantCulture)) <= _time.GetUtcNow()
            ? "The ticket is over: ask for another one."
            : null;
    }

    private string Mac(string text) => Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(text)));
}
