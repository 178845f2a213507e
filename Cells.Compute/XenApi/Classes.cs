namespace Cells.Compute.XenApi;

/// <summary>A login. Its reference is a secret: whoever holds it is the owner. It is never logged and never part of an error.</summary>
public sealed class Session : IXenClass
{
    private Session() { }

    public static string ClassName => "session";

    /// <param name="originator">Groups sessions for the host's limit of 500 per originator.</param>
    internal static XenRequest<XenRef<Session>> LoginWithPassword(string user, string password, string originator) =>
        new(XenCalls.SessionLogin, [user, password, "1.1", originator], v => v.Ref<Session>());

    internal static XenRequest<XenVoid> Logout() => new(XenCalls.SessionLogout, [], XenVoid.Read);

    /// <summary>The tasks a session has begun and that are still known.</summary>
    internal static XenRequest<IReadOnlyList<XenRef<XenTask>>> GetTasks(XenRef<Session> self) => new(XenCalls.SessionGetTasks, [self], v => v.Refs<XenTask>());
}

internal static class HostSystem
{
    /// <summary>Needs no session; any answer, a refusal too, shows that the host's toolstack hears us.</summary>
    public static XenRequest<XenVoid> IsAlive() => new(XenCalls.SystemIsAlive, ["cells"], XenVoid.Read) { Timeout = TimeSpan.FromSeconds(3) };
}

/// <summary>Builders of the generated messages that every class has.</summary>
internal static class Generated
{
    public static XenRequest<T> Record<T>(XenCall call, XenRef<T> self) where T : IXenRecord<T> => new(call, [self], RecordOf<T>);

    public static XenRequest<IReadOnlyList<KeyValuePair<XenRef<T>, T>>> Records<T>(XenCall call, params object[] arguments) where T : IXenRecord<T> =>
        new(call, arguments, v => [.. v.Members().Select(m => KeyValuePair.Create(new XenRef<T>(m.Name), RecordOf<T>(m.Value)))]);

    public static XenRequest<XenVoid> Void(XenCall call, params object[] arguments) => new(call, arguments, XenVoid.Read);

    public static XenRequest<XenRef<T>> Ref<T>(XenCall call, params object[] arguments) => new(call, arguments, v => v.Ref<T>());

    public static T RecordOf<T>(XenValue value) where T : IXenRecord<T> => T.Read(new AnswerFields(value));
}
