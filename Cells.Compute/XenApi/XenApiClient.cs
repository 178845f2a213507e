using System.Diagnostics;
using Cells.Messaging;

namespace Cells.Compute.XenApi;

/// <summary>Calls that need no session, and the one place where an answer, or its absence, becomes a value or an exception.</summary>
public static class XenApiClient
{
    /// <summary>Logs in as the pool's administrator. The session has done nothing yet, so its loss is harmless.</summary>
    /// <exception cref="XenApiFailure">
    /// HOST_IS_SLAVE [coordinator's address] at a member, SESSION_AUTHENTICATION_FAILED after 5 s for a wrong password, HOST_STILL_BOOTING in
    /// emergency mode.
    /// </exception>
    /// <exception cref="XenApiUnreachable">No answer, or none that is understood.</exception>
    public static async Task<XapiSession> LoginAsync(IXapiWire wire, XenCredentials credentials, string originator, CancellationToken stop)
    {
        var request = Session.LoginWithPassword(credentials.User, credentials.Password, originator) with { Timeout = TimeSpan.FromSeconds(20) };
        // A lost login left a session nobody knows and nobody will use; the host forgets it after a day.
        var reference = await PerformAsync(wire, request.Call.Name, XenEffect.Reads, null, request.Arguments, request.Timeout, request.Read, 1, stop);
        return new XapiSession(wire, reference);
    }

    /// <summary>Ends the session. One that is unknown to the host has ended already, which is the same.</summary>
    public static async Task LogoutAsync(XapiSession session, CancellationToken stop)
    {
        try
        {
            await session.CallAsync(Session.Logout() with { Timeout = TimeSpan.FromSeconds(10) }, stop);
        }
        catch (XenApiFailure ended) when (ended.Code == "SESSION_INVALID")
        {
            // Expired, evicted or logged out before: what was wanted.
        }
    }

    /// <summary>Whether the host's toolstack answers at this address, whatever it answers.</summary>
    public static async Task<bool> IsAliveAsync(IXapiWire wire, CancellationToken stop)
    {
        var request = HostSystem.IsAlive();
        try
        {
            await PerformAsync(wire, request.Call.Name, XenEffect.Reads, null, request.Arguments, request.Timeout, request.Read, 1, stop);
            return true;
        }
        catch (XenApiFailure)
        {
            return true;
        }
        catch (XenApiUnreachable)
        {
            return false;
        }
    }

    internal static async Task<T> PerformAsync<T>(
        IXapiWire wire, string method, XenEffect effect, string? session, IReadOnlyList<object> arguments, TimeSpan timeout, Func<XenValue, T> read, long id,
        CancellationToken stop)
    {
        // Arguments hold sessions, passwords and marks: none of them is told.
        using var span = Traces.Call("XenAPI", method);
        span?.SetTag("rpc.system", "jsonrpc").SetTag("rpc.method", method).SetTag("server.address", wire.Address.Host);
        try
        {
            return await PerformUntoldAsync(wire, method, effect, session, arguments, timeout, read, id, stop);
        }
        catch (XenApiException error) when (span is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, error is XenApiFailure failure ? failure.Code : error.GetType().Name);
            throw;
        }
    }

    private static async Task<T> PerformUntoldAsync<T>(
        IXapiWire wire, string method, XenEffect effect, string? session, IReadOnlyList<object> arguments, TimeSpan timeout, Func<XenValue, T> read, long id,
        CancellationToken stop)
    {
        var text = JsonRpc.Request(method, session, arguments, id);
        try
        {
            return JsonRpc.Answer(method, await wire.CallAsync(text, timeout, stop), id, read);
        }
        catch (XenAnswerException broken) when (effect == XenEffect.Reads)
        {
            throw new XenApiUnreachable($"{method} at {wire.Address}: {broken.Message}", broken);
        }
        catch (XenAnswerException broken)
        {
            throw new XenApiUnknownOutcome($"{method} at {wire.Address}: {broken.Message}", broken);
        }
        catch (XenApiUnknownOutcome lost) when (effect == XenEffect.Reads)
        {
            throw new XenApiUnreachable($"{method}: {lost.Message}", lost);
        }
    }
}
