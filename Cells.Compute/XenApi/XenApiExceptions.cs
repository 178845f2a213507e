namespace Cells.Compute.XenApi;

/// <summary>
/// A call that did not succeed. There are three ways, and a caller acts differently on each: the host said no (<see cref="XenApiFailure"/>),
/// nothing happened (<see cref="XenApiUnreachable"/>), nobody knows (<see cref="XenApiUnknownOutcome"/>).
/// </summary>
public abstract class XenApiException : Exception
{
    private protected XenApiException(string message, Exception? cause) : base(message, cause) { }
}

/// <summary>The host's own refusal (XenAPI: Failure), as it came.</summary>
public sealed class XenApiFailure : XenApiException
{
    public XenApiFailure(string call, string code, IReadOnlyList<string> parameters) : base(Text(call, code, parameters), null) =>
        (Call, Code, Parameters) = (call, code, parameters);

    /// <summary>What was called, such as <c>VM.start_on</c>.</summary>
    public string Call { get; }

    /// <summary>The XenAPI error code, such as <c>VM_BAD_POWER_STATE</c>.</summary>
    public string Code { get; }

    /// <summary>As sent; a session reference is never among them.</summary>
    public IReadOnlyList<string> Parameters { get; }

    public FailureKind Kind => FailureKinds.Of(Code);

    private static string Text(string call, string code, IReadOnlyList<string> parameters) =>
        parameters.Count == 0 ? $"{call} was refused: {code}" : $"{call} was refused: {code} [{string.Join(", ", parameters)}]";
}

/// <summary>
/// The call had no effect: it was not sent, or it only reads and its answer did not come or was not understood. It may be made again.
/// </summary>
public sealed class XenApiUnreachable : XenApiException
{
    public XenApiUnreachable(string message) : base(message, null) { }
    public XenApiUnreachable(string message, Exception cause) : base(message, cause) { }
}

/// <summary>The call may have had its effect. Nothing may be concluded from it: ask the host what is.</summary>
public sealed class XenApiUnknownOutcome : XenApiException
{
    public XenApiUnknownOutcome(string message) : base(message, null) { }
    public XenApiUnknownOutcome(string message, Exception cause) : base(message, cause) { }
}
