using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Dispatch;

/// <summary>Gives out leave to read an image's bytes, or to bring those of a snapshot. Only the home has one; a routing cell passes the request up.</summary>
public interface IImageTickets
{
    /// <summary>An answer in any case: a refusal is a ticket with its <see cref="ImageTicket.Refusal"/> set.</summary>
    Task<ImageTicket> IssueAsync(RequestImageTicket request, CancellationToken stop);
}
