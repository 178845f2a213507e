namespace Cells.XenSim.Core.Calls;

/// <summary>A XenAPI error: a code and its parameters, as they go over the wire.</summary>
#pragma warning disable CA1032 // an error without a code does not exist
internal class XapiFailure(string code, params string[] parameters) : Exception
#pragma warning restore CA1032
{
    // Made only when asked for: failures are also built to ask whether an operation would be allowed.
    public override string Message => $"{Code} [{string.Join(", ", Parameters)}]";

    public string Code { get; } = code;
    public IReadOnlyList<string> Parameters { get; } = parameters;

    public static XapiFailure HandleInvalid(string className, string reference) => new("HANDLE_INVALID", className, reference);
    public static XapiFailure SessionInvalid(string reference) => new("SESSION_INVALID", reference);
    public static XapiFailure Internal(string text) => new("INTERNAL_ERROR", text);
    public static XapiFailure InvalidValue(string field, string value) => new("INVALID_VALUE", field, value);
    public static XapiFailure NotAllowed(string reason) => new("OPERATION_NOT_ALLOWED", reason);
    /// <summary>A member that its coordinator cannot reach: not yet given up, or taken for dead.</summary>
    public static XapiFailure OutOfReach(Objects.Database database, Objects.SimObject host) =>
        new(database.Find("host_metrics", host.Text("metrics"))?.Flag("live") is false ? "HOST_OFFLINE" : "CANNOT_CONTACT_HOST", host.Ref);

    public static XapiFailure MethodUnknown(string name) => new("MESSAGE_METHOD_UNKNOWN", name);
}

/// <summary>
/// OTHER_OPERATION_IN_PROGRESS: for ordinary clients the server waits until the object is released and checks again,
/// up to two hours.
/// </summary>
internal sealed class ObjectBusy(string className, string reference, string operation, string task)
    : XapiFailure("OTHER_OPERATION_IN_PROGRESS", className, reference, operation, task)
{
    public string BusyRef { get; } = reference;
}
