using System.Runtime.CompilerServices;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Images;

/// <summary>Reads an image from its home over HTTP, with the ticket in a header: it never stands in a URL, and so in no log.</summary>
/// <param name="http">Its time-out is for the answer's head; the body takes as long as it flows.</param>
public sealed class HttpImageSource(HttpClient http) : IImageSource
{
    public const string TicketHeader = "X-Cells-Image-Ticket";

    private const int PieceBytes = 256 * 1024;

    public Task<IByteSource> OpenAsync(ImageSpec image, ImageTicket ticket, CancellationToken stop) =>
        Task.FromResult<IByteSource>(new Body(http, image, ticket));

    private sealed class Body(HttpClient http, ImageSpec image, ImageTicket ticket) : IByteSource
    {
        public long Length => image.SizeBytes;

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken stop)
        {
            using var answer = await SendAsync(stop);
            await using var body = await answer.Content.ReadAsStreamAsync(stop);
            var piece = new byte[PieceBytes];
            while (await ReadPieceAsync(body, piece, stop) is var read && read > 0)
                yield return piece.AsMemory(0, read);
        }

        private async Task<HttpResponseMessage> SendAsync(CancellationToken stop)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, ticket.Url);
            request.Headers.Add(TicketHeader, ticket.Ticket);
            try
            {
                var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
                if (answer.IsSuccessStatusCode && (answer.Content.Headers.ContentLength ?? image.SizeBytes) == image.SizeBytes)
                    return answer;
                using (answer)
                    throw new ImageSourceException(
                        $"{ticket.Url} answered {(int)answer.StatusCode} with {answer.Content.Headers.ContentLength?.ToString() ?? "unknown"} bytes; image {image.Id} has {image.SizeBytes}.");
            }
            catch (HttpRequestException away)
            {
                throw new ImageSourceException($"{ticket.Url} cannot be reached: {away.Message}", away);
            }
        }

        private async Task<int> ReadPieceAsync(Stream body, byte[] piece, CancellationToken stop)
        {
            try
            {
                return await body.ReadAsync(piece, stop);
            }
            catch (IOException broken)
            {
                throw new ImageSourceException($"{ticket.Url} broke off: {broken.Message}", broken);
            }
        }
    }
}
