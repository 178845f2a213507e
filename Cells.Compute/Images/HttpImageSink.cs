using System.Net;
using System.Net.Http.Headers;
using Cells.Compute.XenApi;
using Cells.Contracts.Messages;

namespace Cells.Compute.Images;

/// <summary>Sends an image to its home over HTTP, with the ticket in a header, as <see cref="HttpImageSource"/> reads one.</summary>
/// <param name="http">Without a time-out of its own: a transfer takes as long as its bytes flow, and those have one.</param>
public sealed class HttpImageSink(HttpClient http) : IImageSink
{
    public async Task<ImageSent> SendAsync(ImageTicket ticket, IByteSource bytes, CancellationToken stop)
    {
        var whole = new SealedSource(bytes);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, ticket.Url) { Content = new ByteSourceContent(whole, stop) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            request.Headers.Add(HttpImageSource.TicketHeader, ticket.Ticket);
            request.Headers.ExpectContinue = true;                  // a refusal comes before the bytes
            using var answer = await http.SendAsync(request, stop);
            return answer.StatusCode switch
            {
                _ when answer.IsSuccessStatusCode => new ImageSent.Stored(),
                HttpStatusCode.NotFound => new ImageSent.Refused($"Image {ticket.Image} is not at its home any more."),
                HttpStatusCode.RequestEntityTooLarge => new ImageSent.Refused($"The home of image {ticket.Image} has no room for its {bytes.Length} bytes."),
                // A ticket that ran out, another try that is still being read, a home that starts: all of that passes.
                var other => throw new ImageSourceException($"{ticket.Url} answered {(int)other}"),
            };
        }
        catch (HttpRequestException broken)
        {
            whole.ThrowIfBroken();
            throw new ImageSourceException($"{ticket.Url} cannot be reached: {broken.Message}", broken);
        }
    }
}
