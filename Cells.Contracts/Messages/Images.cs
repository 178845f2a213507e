using Cells.Contracts.Wire;

namespace Cells.Contracts.Messages;

/// <summary>
/// Up: a compute cell asks for leave to read one image's bytes. Goes hop by hop to the image's home; answered down by
/// <see cref="ImageTicket"/>. Asked again when the ticket ran out; keyed by (image, cell).
/// </summary>
[WireName("image.request-ticket.v1")]
public sealed record RequestImageTicket(ImageId Image, CellName Cell)
{
    /// <summary>To send the bytes of a snapshot that this cell makes, in place of reading them. Absent: to read.</summary>
    public bool ToWrite { get; init; }
}

/// <summary>
/// Down to <paramref name="Cell"/>: where and with which ticket the bytes are had (HTTP GET, header <c>X-Cells-Image-Ticket</c>). One image,
/// one cell, 10 minutes by the issuer's clock. <paramref name="Refusal"/> says why not, and then the others are empty.
/// </summary>
[WireName("image.ticket.v1")]
public sealed record ImageTicket(ImageId Image, CellName Cell, string Url, string Ticket, string? Refusal)
{
    /// <summary>
    /// Leave to send the bytes (HTTP PUT: the bytes, then the 32 octets of their SHA-256), in place of reading them. Absent: to read.
    /// </summary>
    public bool ToWrite { get; init; }

    /// <summary>Of a ticket to write: the image has its bytes already, whoever brought them. Nothing is to be sent.</summary>
    public bool Stored { get; init; }
}
