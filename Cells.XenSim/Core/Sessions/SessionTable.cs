using System.Text.Json;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Sessions;

/// <summary>Sessions: who may call, how long, and how many. They are rows of the database and outlive a toolstack restart.</summary>
internal sealed class SessionTable(SimPool pool)
{
    private static readonly TimeSpan IdleLimit = TimeSpan.FromHours(24);
    private static readonly TimeSpan ActivityGranularity = TimeSpan.FromMinutes(10);
    private const int LimitPerGroup = 500;
    private const int LimitWithoutName = 400;
    private readonly SortedDictionary<string, SortedDictionary<string, long>> _mutations = new(StringComparer.Ordinal);

    /// <summary>Effects asked for by each session since this simulator started: session ref, method, count.</summary>
    public IReadOnlyDictionary<string, SortedDictionary<string, long>> Mutations => _mutations;

    public SimObject Open(SimHost host, string userName, string originator)
    {
        var now = XapiTime.Of(pool.Now);
        var session = pool.Database.Create("session",
            ("this_host", host.Record.Ref), ("last_active", now), ("validation_time", now), ("is_local_superuser", Boxed.True),
            ("auth_user_name", userName), ("originator", originator), ("rbac_permissions", Array.Empty<string>()));
        Evict(session);
        return session;
    }

    /// <exception cref="XapiFailure">SESSION_INVALID: unknown, expired, logged out or evicted.</exception>
    public SimObject Check(JsonElement parameter) =>
        Find(parameter.ValueKind == JsonValueKind.String ? parameter.GetString()! : parameter.GetRawText())
        ?? throw XapiFailure.SessionInvalid(parameter.ToString());

    public SimObject? Find(string reference)
    {
        if (pool.Database.Find("session", reference) is not { } session) return null;
        var idle = pool.Now - XapiTime.Read(session.Text("last_active"));
        if (idle > IdleLimit)
        {
            Close(session);
            return null;
        }
        if (idle > ActivityGranularity) session.Put("last_active", XapiTime.Of(pool.Now));
        return session;
    }

    public void Close(SimObject session)
    {
        pool.Database.Delete(session);
        pool.Events.EndSession(session);
    }

    public void CloseAll()
    {
        foreach (var session in pool.Database.All("session").ToList()) Close(session);
    }

    public void CountMutation(SimObject session, string method)
    {
        if (!_mutations.TryGetValue(session.Ref, out var counts)) _mutations.Add(session.Ref, counts = new(StringComparer.Ordinal));
        counts[method] = counts.GetValueOrDefault(method) + 1;
    }

    /// <summary>Groups are disjoint: by originator, else by user name, else all the others. The longest inactive go first.</summary>
    private void Evict(SimObject newcomer)
    {
        var group = Group(newcomer);
        var members = pool.Database.All("session").Where(s => Group(s) == group).ToList();
        var surplus = members.Count - (group == "" ? LimitWithoutName : LimitPerGroup);
        if (surplus <= 0) return;
        foreach (var session in members.Where(s => s != newcomer).OrderBy(s => s.Text("last_active"), StringComparer.Ordinal).Take(surplus).ToList())
            Close(session);
    }

    private static string Group(SimObject session) =>
        session.Text("originator") is { Length: > 0 } originator ? "originator " + originator
        : session.Text("auth_user_name") is { Length: > 0 } user ? "user " + user : "";
}
