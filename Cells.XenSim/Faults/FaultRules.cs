namespace Cells.XenSim.Faults;

/// <summary>What happens to a call that a rule hits.</summary>
public enum FaultKind
{
    /// <summary>The call is refused with a XenAPI error and has no effect.</summary>
    Fail = 1,

    /// <summary>The connection breaks before the call has any effect.</summary>
    DropRequest = 2,

    /// <summary>The call has its effect, then the connection breaks instead of the answer.</summary>
    LoseAnswer = 3,

    /// <summary>Neither effect nor answer, ever.</summary>
    Hang = 4,

    /// <summary>The effect, but never an answer.</summary>
    HangAfterEffect = 5,

    /// <summary>The work begins, takes half its time, and fails with a XenAPI error: what it had reserved is free again.</summary>
    FailHalfway = 6,
}

/// <summary>Hits the n-th matching call and, with a higher count, those that follow it.</summary>
internal sealed class FaultRule(string method, FaultKind kind, string? host, int nth, int count, string code, string[] parameters)
{
    private int _seen;

    public string Method { get; } = method;
    public FaultKind Kind { get; } = kind;
    public string Code { get; } = code;
    public string[] Parameters { get; } = parameters;
    public bool Spent => _seen >= nth + count - 1;

    public bool Hits(string hostName, string wireName, string methodName)
    {
        if ((Method != wireName && Method != methodName) || (host is not null && host != hostName)) return false;
        _seen++;
        return _seen >= nth && _seen < nth + count;
    }
}

/// <summary>The faults that wait for their call. A spent rule is forgotten.</summary>
internal sealed class FaultRules
{
    private readonly List<FaultRule> _rules = [];

    public void Add(FaultRule rule) => _rules.Add(rule);

    public void Clear() => _rules.Clear();

    public FaultRule? Match(string hostName, string wireName, string methodName)
    {
        if (_rules.Count == 0) return null;
        FaultRule? hit = null;
        foreach (var rule in _rules)
        {
            // Every rule counts every call, also when another one has already hit it.
            if (rule.Hits(hostName, wireName, methodName)) hit ??= rule;
        }
        _rules.RemoveAll(r => r.Spent);
        return hit;
    }
}
