using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Sessions;

internal static class SessionMethods
{
    public static void Register(MethodTable table)
    {
        table.Works("session.login_with_password", Login);
        table.On("session.logout", call =>
        {
            call.Pool.Sessions.Close(call.Session!);
            return Step.Void;
        });
        table.Works("session.slave_local_login_with_password", call => Authenticated(call, () =>
        {
            var reference = call.Database.Ids.NextRef();
            call.Host.LocalSessions.Add(reference);
            return reference;
        }));
        table.On("session.local_logout", call =>
        {
            call.Host.LocalSessions.Remove(call.Envelope.Params[0].ToString());
            return Step.Void;
        });
        table.On("session.get_all_subject_identifiers", _ => Step.Of(Array.Empty<string>()));
    }

    private static Step Login(Call call) => Authenticated(call, () => call.Pool.Sessions.Open(call.Host, call.Text(0), call.Text(3)).Ref);

    private static Step Authenticated(Call call, Func<string> open)
    {
        var (user, password) = (call.Text(0), call.Text(1));
        if (user == "root" && password == call.Pool.Shape.RootPassword)
            return call.Latency > TimeSpan.Zero ? new Step.After(call.Latency, () => Step.Of(open())) : Step.Of(open());

        // A wrong password costs the caller five seconds.
        return new Step.After(call.Pool.Options.WrongPasswordDelay,
            () => throw new XapiFailure("SESSION_AUTHENTICATION_FAILED", user, "Authentication failure"));
    }
}
