using System.Globalization;
using System.Text.Json;
using Cells.Api;
using Cells.Api.Http;
using Cells.Api.Nova;
using Cells.Chaos.Invariants;
using Cells.Chaos.Stepping;
using Cells.Chaos.Tree;
using Cells.Contracts;

namespace Cells.Chaos.Workloads;

/// <summary>
/// Those who use the cloud: they create, delete (also while it builds), act on what they have, look and list, at the REST handlers of the home cell. A client waits for what
/// it asked for by looking again, and remembers every answer; what it sees must make sense as a history.
/// </summary>
internal sealed class Clients
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(3);

    private readonly ChaosWorld _world;
    private readonly Random _random;
    private readonly List<Server> _servers = [];
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, Request> _waiting = [];
    private static readonly InstanceAction[]
        OfActive =
        [
            InstanceAction.Stop, InstanceAction.RebootSoft, InstanceAction.RebootHard, InstanceAction.Pause, InstanceAction.Suspend, InstanceAction.Resize, InstanceAction.Resize,
            InstanceAction.Migrate, InstanceAction.LiveMigrate, InstanceAction.Rebuild, InstanceAction.Rebuild, InstanceAction.Rescue, InstanceAction.Rescue,
        ],
        OfStopped = [InstanceAction.Start, InstanceAction.Start, InstanceAction.RebootHard, InstanceAction.Resize, InstanceAction.Rebuild, InstanceAction.Rescue],
        OfRescued = [InstanceAction.Unrescue],
        OfResized = [InstanceAction.ConfirmResize, InstanceAction.RevertResize],
        OfPaused = [InstanceAction.Unpause, InstanceAction.Unpause, InstanceAction.RebootHard],
        OfSuspended = [InstanceAction.Resume, InstanceAction.Resume, InstanceAction.RebootHard],
        OfError = [InstanceAction.RebootHard, InstanceAction.Stop, InstanceAction.Rebuild],
        OfAny = [InstanceAction.Start, .. OfActive, InstanceAction.Unpause, InstanceAction.Resume, InstanceAction.Lock, InstanceAction.Unlock];

    private long _requests;
    private int _asked;

    public Clients(ChaosWorld world, Random random) => (_world, _random) = (world, random);

    public IReadOnlyList<Server> Servers => _servers;

    /// <summary>Requests whose answer has not come, or servers whose end has not been seen.</summary>
    public bool InFlight => _waiting.Count > 0 || _servers.Any(server => !server.IsSettled);

    public bool HaveAskedEverything => _asked == _world.Options.Operations && _waiting.Count == 0;

    public bool AllSettled => _waiting.Count == 0 && _servers.All(server => server.IsSettled);

    /// <summary>A client was told that there is no such server any more.</summary>
    public bool IsGone(string instance) => _gone.Contains(instance);

    public IEnumerable<string> Waiting => _waiting.Values.Select(request => request.What);

    public void Begin()
    {
        // The cells meet and the hosts are found first; what is asked before would only wait.
        var at = TimeSpan.FromSeconds(5);
        for (var operation = 0; operation < _world.Options.Operations; operation++)
        {
            // Bursts and pauses: most follow closely, some after a while.
            at += TimeSpan.FromMilliseconds(_random.Next(10) < 8 ? _random.Next(1, 120) : _random.Next(120, 1_200));
            var number = operation;
            _world.Stepper.AddAfter(at, new Deed("operation", () =>
            {
                _asked++;
                Operate(number);
            }));
        }
    }

    /// <summary>The cell that they talk to died: no answer will come.</summary>
    public void CellDied(CellNode cell)
    {
        if (cell != _world.Global)
            return;
        var lost = _waiting.Values.ToList();
        _waiting.Clear();
        foreach (var request in lost)
            request.Lost();
    }

    private void Operate(int number)
    {
        var draw = _random.Next(100);
        if (draw < 40)
            Create(number);
        else if (draw < 54)
            DeleteOne(server => server.Seen is not (null or "BUILD" or Server.Gone));
        else if (draw < 63)
            DeleteOne(server => server.Seen is null or "BUILD");
        else if (draw < 67)
            PowerOff();
        else if (draw < 88)
            Act();
        else if (draw < 95)
            LookAtOne();
        else
            List();
    }

    private void Create(int number)
    {
        var flavor = _random.Next(100) switch { < 50 => WorldThings.Flavors[0], < 85 => WorldThings.Flavors[1], _ => WorldThings.Flavors[2] };
        var server = new Server($"s{number.ToString(CultureInfo.InvariantCulture)}", WorldThings.Projects[_random.Next(2)]);
        _servers.Add(server);
        var asked = CreateServer.Of(server.Name, flavor.Id, SteppedImages.Image.Id);
        Ask($"create {server.Name}", server, (home, caller) => home.Servers.CreateAsync(caller, asked, CancellationToken.None), answer =>
        {
            server.CreateStatus = answer.Status;
            switch (answer.Status)
            {
                case 202:
                    using (var body = JsonDocument.Parse(answer.Body))
                        server.Id = new InstanceId(body.RootElement.GetProperty("server").GetProperty("id").GetGuid());
                    Later(() => Look(server, again: true));
                    break;
                case 403 or 503:
                    break;                                  // quota, or not now: nothing was made
                default:
                    Wrong(server, $"create was answered {answer.Status} {answer.Message}");
                    break;
            }
        }, lost: () =>
        {
            server.CreateStatus = 0;
            Later(() => FindByName(server));
        });
    }

    private void DeleteOne(Func<Server, bool> which)
    {
        if (Draw(server => server.Id is not null && !server.DeleteAsked && which(server)) is { } server)
            Delete(server);
    }

    private void Delete(Server server)
    {
        server.DeleteAsked = true;
        Ask($"delete {server.Name}", server, (home, caller) => home.Servers.DeleteAsync(caller, server.Id!.Value.ToString(), CancellationToken.None), answer =>
        {
            switch (answer.Status)
            {
                case 204:
                    server.DeleteAccepted = true;
                    Later(() => Look(server, again: true));
                    break;
                case 404:
                    // Right only if an earlier delete, whose answer was lost, was accepted.
                    server.DeleteAccepted = true;
                    See(server, Server.Gone, null, null);
                    break;
                case 409 when answer.Message?.EndsWith("is locked", StringComparison.Ordinal) is true:
                    Act(server, InstanceAction.Unlock);
                    Later(() => Delete(server));
                    break;
                case 503:
                    Later(() => Delete(server));
                    break;
                default:
                    Wrong(server, $"delete was answered {answer.Status} {answer.Message}");
                    break;
            }
        }, lost: () => Later(() => Delete(server)));
    }

    private void Look(Server server, bool again) =>
        Ask($"show {server.Name}", server, (home, caller) => home.Servers.ShowAsync(caller, server.Id!.Value.ToString(), CancellationToken.None), answer =>
        {
            switch (answer.Status)
            {
                case 200:
                    using (var body = JsonDocument.Parse(answer.Body))
                    {
                        var shown = body.RootElement.GetProperty("server");
                        var fault = shown.TryGetProperty("fault", out var f) ? f.GetProperty("message").GetString() : null;
                        See(server, shown.GetProperty("status").GetString()!, shown.GetProperty("OS-EXT-STS:task_state").GetString(), fault);
                    }
                    break;
                case 404:
                    See(server, Server.Gone, null, null);
                    break;
                case 503:
                    break;
                default:
                    Wrong(server, $"show was answered {answer.Status} {answer.Message}");
                    break;
            }
            if (again && !server.IsSettled)
                Later(() => Look(server, again));
        }, lost: () =>
        {
            if (again)
                Later(() => Look(server, again));
        });

    private void LookAtOne()
    {
        if (Draw(server => server.Id is not null) is { } server)
            Look(server, again: false);
    }

    private void List()
    {
        var project = WorldThings.Projects[_random.Next(2)];
        Ask("list", new Server("", project), (home, caller) => home.Servers.ListAsync(caller, Query.Empty, detail: true, CancellationToken.None), answer =>
        {
            if (answer.Status != 200)
                return;
            using var body = JsonDocument.Parse(answer.Body);
            foreach (var shown in body.RootElement.GetProperty("servers").EnumerateArray())
            {
                var id = new InstanceId(shown.GetProperty("id").GetGuid());
                var server = _servers.Find(known => known.Id == id);
                if (server is not null && server.Project != project)
                    Wrong(server, $"was listed to project {project}");
                if (server is { IsGone: true })
                    Wrong(server, "was listed after it had been gone");
            }
        }, lost: () => { });
    }

    /// <summary>The answer to a create was lost: it may have been accepted all the same, and then it is ours.</summary>
    private void FindByName(Server server) =>
        Ask($"find {server.Name}", server, (home, caller) => home.Servers.ListAsync(caller, new Query([new("name", $"^{server.Name}$")]), detail: false, CancellationToken.None), answer =>
        {
            if (answer.Status != 200)
            {
                Later(() => FindByName(server));
                return;
            }
            using var body = JsonDocument.Parse(answer.Body);
            var found = body.RootElement.GetProperty("servers").EnumerateArray().ToList();
            if (found.Count > 1)
                Wrong(server, $"one create made {found.Count} servers");
            if (found.Count == 0)
            {
                server.CreateStatus = 503;                  // it had not been accepted
                return;
            }
            server.CreateStatus = 202;
            server.Id = new InstanceId(found[0].GetProperty("id").GetGuid());
            Look(server, again: true);
        }, lost: () => Later(() => FindByName(server)));

    /// <summary>A guest powers itself off, behind the cloud's back.</summary>
    private void PowerOff()
    {
        var running = _world.Hypervisors.Hosts
            .SelectMany(host => host.Account.Domains.Where(domain => domain.PowerState == "Running").Select(domain => (host, domain)))
            .ToList();
        if (running.Count == 0)
            return;
        var (at, guest) = running[_random.Next(running.Count)];
        _world.Disturb(at, new Cells.XenSim.Faults.SimFault.GuestEnds(guest.VmUuid, Cells.XenSim.Faults.GuestEnd.Shutdown));
    }

    /// <summary>Mostly what the server's state takes; sometimes what it does not, or what came too early or too late.</summary>
    private void Act()
    {
        if (Draw(server => server is { Id: not null, DeleteAsked: false, IsGone: false, Seen: not (null or "BUILD") }) is not { } server)
            return;
        var fitting = server.Seen switch
        {
            "SHUTOFF" => OfStopped,
            "PAUSED" => OfPaused,
            "SUSPENDED" => OfSuspended,
            "RESCUE" => OfRescued,
            "VERIFY_RESIZE" => OfResized,
            "ERROR" => OfError,
            _ => OfActive,
        };
        var action = _random.Next(8) == 0 ? OfAny[_random.Next(OfAny.Length)] : fitting[_random.Next(fitting.Length)];
        Act(server, action);
    }

    private void Act(Server server, InstanceAction action)
    {
        var intents = action is InstanceAction.Lock or InstanceAction.Unlock ? 0 : 1;     // these are the home's alone
        var asked = new AskedAction(action)
        {
            FlavorRef = action == InstanceAction.Resize ? WorldThings.Flavors[_random.Next(WorldThings.Flavors.Count)].Id : null,
            Rebuild = action == InstanceAction.Rebuild ? new RebuildServer(SteppedImages.Image.Id, null, null, false, null, false, null, null, null, null) : null,
        };
        Ask($"{action} {server.Name}", server,
            (home, caller) => home.Actions.ActAsync(caller, server.Id!.Value.ToString(), asked, CancellationToken.None), answer =>
            {
                switch (answer.Status)
                {
                    case 200 or 202 or 204:
                        server.ActionsAccepted += intents;
                        Follow(server);
                        break;
                    case 409 or 503:
                        break;                              // not in this state, or not now: nothing was done
                    case 400 or 403 when action == InstanceAction.Resize:
                        break;                              // it has that flavor, or a larger disk; or over quota
                    case 404 when server.DeleteAsked:
                        break;
                    default:
                        Wrong(server, $"{action} was answered {answer.Status} {answer.Message}");
                        break;
                }
            }, lost: () =>
            {
                server.ActionsUnknown += intents;
                Follow(server);
            });
    }

    /// <summary>Something may change from now on: the client looks until it has come to an end.</summary>
    private void Follow(Server server)
    {
        server.Task ??= "asked";
        Later(() => Look(server, again: true));
    }

    /// <summary>What a look shows, held against what was known before.</summary>
    private void See(Server server, string status, string? task, string? fault)
    {
        if (status == Server.Gone && !server.DeleteAsked)
            Wrong(server, "is gone, and nobody deleted it");
        if (server.IsGone && status != Server.Gone)
            Wrong(server, $"came back as {status} after it had been gone");
        if (server.HasBeenActive && status == "BUILD")
            Wrong(server, "builds again after it had been ACTIVE");
        if (server.DeleteAccepted && status is not (Server.Gone or "ERROR") && task != "deleting")
            Wrong(server, $"shows {status}, task {task ?? "none"}, after its delete had been accepted");
        if (status == "ERROR" && string.IsNullOrWhiteSpace(fault))
            Wrong(server, "is in ERROR and gives no reason");
        (server.Seen, server.Task, server.Fault) = (status, task, fault);
        server.HasBeenActive |= status == "ACTIVE";
        if (status == Server.Gone && _gone.Add(server.Id!.Value.ToString()))
            _world.LookForGhosts();
    }

    private Server? Draw(Func<Server, bool> which)
    {
        var candidates = _servers.Where(which).ToList();
        return candidates.Count == 0 ? null : candidates[_random.Next(candidates.Count)];
    }

    private void Later(Action look) => _world.Stepper.AddAfter(LookAgain, new Deed("client goes on", look));

    private void Ask(string what, Server server, Func<ApiHome, RequestContext, Task<ApiResult>> ask, Action<ApiResult> answered, Action lost)
    {
        if (_world.Global.Api?.Home is not { } home)
        {
            _world.Stepper.AddAfter(LookAgain, new Deed($"{what}: connection refused", () => Ask(what, server, ask, answered, lost)));
            return;
        }
        var id = ++_requests;
        var caller = new RequestContext(WorldThings.User, server.Project, [what.Contains("igrate", StringComparison.Ordinal) ? "admin" : "member"], $"req-{id.ToString(CultureInfo.InvariantCulture)}", TraceParent: null);
        _waiting.Add(id, new Request(what, lost));
        var task = ask(home, caller);
        // Inline on the stepping thread, but as a step of its own: the client is far from whoever completed it.
        task.ContinueWith(
            ended => _world.Stepper.Add(new Deed($"answer to {what}: {Text(ended)}", () =>
            {
                if (!_waiting.Remove(id))
                    return;                                 // the home died in between
                if (ended.IsCompletedSuccessfully)
                    answered(ended.Result);
                else
                    Wrong(server, $"{what} failed: {ended.Exception?.InnerException?.GetType().Name} {ended.Exception?.InnerException?.Message}");
            })),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private static string Text(Task<ApiResult> ended) => ended.IsCompletedSuccessfully
        ? $"{ended.Result.Status} {System.Text.Encoding.UTF8.GetString(ended.Result.Body.Span)} {ended.Result.Message}"
        : $"failed: {ended.Exception?.InnerException?.GetType().Name}";

    private void Wrong(Server server, string what) => _world.Violations.Add(new Violation("I7", $"Server {server.Name} ({server.Id}) {what}."));

    private sealed record Request(string What, Action Lost);
}
