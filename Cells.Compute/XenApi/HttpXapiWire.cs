using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cells.Compute.XenApi;

/// <summary>What a TLS host must show: a certificate the machine trusts for its name, or one of these by its SHA-256 (hex, as hosts print it).</summary>
public sealed record XapiTrust(IReadOnlyList<string> Fingerprints)
{
    public static readonly XapiTrust MachineOnly = new([]);

    internal bool Accepts(X509Certificate? certificate, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None
        || (certificate is not null && Fingerprints.Any(f =>
            string.Equals(f.Replace(":", "", StringComparison.Ordinal), certificate.GetCertHashString(HashAlgorithmName.SHA256), StringComparison.OrdinalIgnoreCase)));
}

/// <summary>Production: XenAPI over HTTP, connections kept and shared per address.</summary>
public sealed class HttpXapiWireFactory : IXapiWireFactory, IDisposable
{
    private readonly SocketsHttpHandler _handler;
    private readonly HttpClient _client;
    private readonly TimeProvider _time;

    public HttpXapiWireFactory(XapiTrust trust, TimeProvider time)
    {
        _time = time;
        _handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,                              // FollowAsync follows the one kind there is, and counts
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30), // xapi closes idle connections; ours must go first
            UseProxy = false,
            UseCookies = false,
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, errors) => trust.Accepts(certificate, errors) },
        };
        _client = new HttpClient(_handler) { Timeout = Timeout.InfiniteTimeSpan };   // each call brings its own
    }

    public IXapiWire Open(HostAddress address) => new HttpXapiWire(_client, address, _time);

    public void Dispose()
    {
        _client.Dispose();
        _handler.Dispose();
    }
}

internal sealed class HttpXapiWire(HttpClient client, HostAddress address, TimeProvider time) : IXapiWire
{
    /// <summary>A pool with thousands of VMs answers get_all_records with some 10 MiB.</summary>
    private const int MaxAnswerBytes = 64 * 1024 * 1024;

    private const int MaxRedirects = 3;

    private const int PieceBytes = 256 * 1024;

    // xapi compares the type as text; a charset suffix is not expected.
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public HostAddress Address => address;

    public async Task<string> CallAsync(string text, TimeSpan timeout, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address.Uri, "jsonrpc"));
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = Json } };
        return await TimedAsync(
            timeout,
            async limit =>
            {
                using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit);
                return response.StatusCode == HttpStatusCode.OK
                    ? await ReadCappedAsync(response.Content, limit)
                    : throw new XenApiUnknownOutcome($"{address} answered HTTP {(int)response.StatusCode}");
            },
            stop);
    }

    public async Task PutAsync(string pathAndQuery, IByteSource body, TimeSpan timeout, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        await WithinAsync(
            limit,
            timeout,
            async both =>
            {
                using var answer = await FollowAsync(HttpMethod.Put, pathAndQuery, () => new ByteSourceContent(body, both), both);
                return true;
            },
            stop);
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> GetAsync(string pathAndQuery, TimeSpan timeout, [EnumeratorCancellation] CancellationToken stop)
    {
        using var answer = await ReadingAsync(timeout, both => FollowAsync(HttpMethod.Get, pathAndQuery, () => null, both), stop);
        await using var body = await ReadingAsync(timeout, both => answer.Content.ReadAsStreamAsync(both), stop);
        var piece = new byte[PieceBytes];
        while (await ReadingAsync(timeout, async both => await body.ReadAsync(piece, both), stop) is var read and > 0)
            yield return piece.AsMemory(0, read);
    }

    /// <summary>To read again does no harm, however far it came.</summary>
    private async Task<T> ReadingAsync<T>(TimeSpan timeout, Func<CancellationToken, Task<T>> read, CancellationToken stop)
    {
        try
        {
            return await TimedAsync(timeout, read, stop);
        }
        catch (XenApiUnknownOutcome broken)
        {
            throw new XenApiUnreachable(broken.Message, broken);
        }
    }

    /// <summary>The first answer that is no redirect, when it is 200.</summary>
    private async Task<HttpResponseMessage> FollowAsync(HttpMethod method, string pathAndQuery, Func<HttpContent?> content, CancellationToken limit)
    {
        var target = new Uri(address.Uri, pathAndQuery);
        for (var redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(method, target) { Content = content() };
            if (request.Content is not null)
                request.Headers.ExpectContinue = true;              // a redirect or refusal then comes before the bytes
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit);
            if (response.StatusCode == HttpStatusCode.OK)
                return response;
            using (response)
            {
                if (response.StatusCode != HttpStatusCode.Found)
                    throw RefusalOf(response, method, target);
                target = new Uri(target, response.Headers.Location ?? throw Refused(method, target, "a redirect without a Location"));
                if (target.Scheme is not ("http" or "https") || (address.Scheme == "https" && target.Scheme != "https"))
                    throw Refused(method, target, $"a redirect from {address.Scheme} to {target.Scheme}");
            }
        }
        throw Refused(method, target, $"more than {MaxRedirects} redirects");
    }

    private static XenApiFailure RefusalOf(HttpResponseMessage response, HttpMethod method, Uri target) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized => new XenApiFailure($"{method} {target.AbsolutePath}", "SESSION_INVALID", []),
        HttpStatusCode.Forbidden => new XenApiFailure($"{method} {target.AbsolutePath}", "RBAC_PERMISSION_DENIED", []),
        var other => Refused(method, target, $"HTTP {(int)other}"),
    };

    // The query carries the session: only the path may be shown.
    private static XenApiFailure Refused(HttpMethod method, Uri target, string why) =>
        new($"{method} {target.AbsolutePath}", "INTERNAL_ERROR", [$"{target.Authority} answered {why}"]);

    private async Task<T> TimedAsync<T>(TimeSpan timeout, Func<CancellationToken, Task<T>> call, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        return await WithinAsync(limit, timeout, call, stop);
    }

    /// <summary>The one place where a call's time runs out.</summary>
    /// <param name="limit">Runs out after <paramref name="timeout"/>, counted from wherever the whole of it began.</param>
    private async Task<T> WithinAsync<T>(CancellationTokenSource limit, TimeSpan timeout, Func<CancellationToken, Task<T>> call, CancellationToken stop)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            return await call(both.Token);
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new XenApiUnknownOutcome($"{address} did not answer within {timeout.TotalSeconds:0} s", late);
        }
        catch (OperationCanceledException late) when (late.InnerException is TimeoutException && !stop.IsCancellationRequested)
        {
            throw new XenApiUnreachable($"no connection to {address}: it did not accept one in time", late);   // the handler's ConnectTimeout
        }
        catch (HttpRequestException refused) when (refused.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            throw new XenApiUnreachable($"no connection to {address}: {refused.Message}", refused);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw new XenApiUnknownOutcome($"the connection to {address} broke: {broken.Message}", broken);
        }
    }

    private async Task<string> ReadCappedAsync(HttpContent content, CancellationToken stop)
    {
        if (content.Headers.ContentLength > MaxAnswerBytes)
            throw TooLarge();
        await using var stream = await content.ReadAsStreamAsync(stop);
        using var whole = new MemoryStream((int)(content.Headers.ContentLength ?? 16 * 1024));
        // Lent: a boot takes some forty answers, most of them of a few hundred bytes.
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            for (int read; (read = await stream.ReadAsync(chunk, stop)) > 0;)
            {
                if (whole.Length + read > MaxAnswerBytes)
                    throw TooLarge();
                whole.Write(chunk, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
        return Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length);
    }

    private XenApiUnknownOutcome TooLarge() => new($"{address} answered with more than {MaxAnswerBytes / (1024 * 1024)} MiB");
}
