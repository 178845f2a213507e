using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Events;

/// <summary>What one event.from watches: everything, classes, or single objects.</summary>
internal sealed class Subscription
{
    private static readonly HashSet<string> Silent = new(StringComparer.Ordinal) { "session", "user", "secret", "event", "message" };
    private readonly bool _all;
    private readonly HashSet<string> _classes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _objects = new(StringComparer.Ordinal);

    /// <exception cref="XapiFailure">EVENT_SUBSCRIPTION_PARSE_FAILURE [text]. An unknown class is no error: it matches nothing.</exception>
    public Subscription(string[] texts)
    {
        foreach (var text in texts)
        {
            var parts = text.Split('/');
            if (text == "*") _all = true;
            else if (parts is [{ Length: > 0 } className]) _classes.Add(className.ToLowerInvariant());
            else if (parts is [{ Length: > 0 } owner, { Length: > 0 } reference]) _objects.Add($"{owner.ToLowerInvariant()}/{reference}");
            else throw new XapiFailure("EVENT_SUBSCRIPTION_PARSE_FAILURE", text);
        }
        OnlyTasks = !_all && _classes.All(c => c == "task") && _objects.All(o => o.StartsWith("task/", StringComparison.Ordinal));
    }

    /// <summary>Polls of tasks alone are answered without the batching delay.</summary>
    public bool OnlyTasks { get; }

    public bool Matches(ClassDef definition, string reference) =>
        !Silent.Contains(definition.LowerName)
        && (_all || _classes.Contains(definition.LowerName) || (_objects.Count > 0 && _objects.Contains($"{definition.LowerName}/{reference}")));
}
