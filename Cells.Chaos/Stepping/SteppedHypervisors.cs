using System.Globalization;
using System.Security.Cryptography;
using Cells.Chaos.Faults;
using Cells.Compute.XenApi;
using Cells.Messaging.Actors;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;

namespace Cells.Chaos.Stepping;

/// <summary>
/// The simulated hosts, alone or in pools, and the wires to them. A call travels by one step, has its effect in the simulator, and its
/// answer comes back by another step, if it does.
/// </summary>
internal sealed partial class SteppedHypervisors : IDueSource
{
    private readonly Stepper _stepper;
    private readonly ManualTime _time;
    private readonly FaultPlan _faults;
    private readonly EventLog _log;
    private readonly List<SteppedHost> _hosts = [];
    private readonly List<XenSimCore> _cores = [];
    private readonly Dictionary<HostAddress, SteppedHost> _byAddress = [];
    private readonly Dictionary<long, Open> _open = [];
    private long _lastId;

    public SteppedHypervisors(Stepper stepper, FaultPlan faults, EventLog log)
    {
        (_stepper, _time, _faults, _log) = (stepper, stepper.Time, faults, log);
        stepper.Attach(this);
    }

    /// <summary>Told after anything that may have changed what runs on these hosts: all of one pool.</summary>
    public Action<IReadOnlyList<SteppedHost>>? Changed { get; set; }

    public IReadOnlyList<SteppedHost> Hosts => _hosts;

    public TimeSpan? NextDue
    {
        get
        {
            DateTimeOffset? next = null;
            foreach (var core in _cores)
                if (core.NextDue is { } due && !(next <= due))
                    next = due;
            return next is { } moment ? Max(moment - _time.GetUtcNow() + _time.Elapsed, _time.Elapsed) : null;
        }
    }

    /// <returns>The members' addresses, in their order.</returns>
    public IReadOnlyList<HostAddress> Add(string cell, PoolShape shape, XenSimOptions options, ulong seed)
    {
        var core = new XenSimCore(shape, options, seed, _time.GetUtcNow());
        var hosts = shape.Hosts.Select(h => new SteppedHost(cell, h.Name, HostAddress.Parse($"http://{h.Address}:80"), core)).ToList();
        _cores.Add(core);
        foreach (var host in hosts)
        {
            _hosts.Add(host);
            _byAddress.Add(host.Address, host);
        }
        return [.. hosts.Select(h => h.Address)];
    }

    /// <summary>The members of pools with more than one.</summary>
    public IReadOnlyList<SteppedHost> Pooled => [.. _hosts.Where(h => h.Core.Hosts.Count > 1)];

    /// <summary>A cell's wires. They end with the process that opened them: see <see cref="Forget"/>.</summary>
    public IXapiWireFactory WiresOf(string cell) => new Wires(this, cell);

    public void Advance()
    {
        var now = _time.GetUtcNow();
        foreach (var core in _cores)
        {
            if (core.NextDue is not { } due || due > now)
                continue;
            Deliver(core.Advance(now));
            Look(core);
        }
    }

    public void Inject(SteppedHost host, SimFault fault)
    {
        _log.Add(_time.Elapsed, host.Name, $"fault {fault.GetType().Name}");
        Deliver(host.Core.Inject(fault, _time.GetUtcNow()));
        Look(host.Core);
    }

    /// <summary>The cell died: no answer reaches it.</summary>
    public void Forget(string cell)
    {
        foreach (var (id, open) in _open.Where(open => open.Value.Cell == cell).ToList())
            _open.Remove(id);
    }

    /// <summary>Calls that have not been answered, for the report of a world that does not come to rest.</summary>
    public IEnumerable<string> Unanswered => _open.OrderBy(open => open.Key).Select(open => $"{open.Value.Cell}: {open.Value.What}");

    private void Look(XenSimCore core) => Changed?.Invoke([.. _hosts.Where(h => h.Core == core)]);

    private void Handle(SteppedHost host, SimRequest request) => Deliver(host.Core.Handle(request, _time.GetUtcNow()));

    private void Deliver(IReadOnlyList<SimAnswer> answers)
    {
        foreach (var answer in answers)
            if (_open.TryGetValue(answer.RequestId, out var open))
                _stepper.Add(new AnswerArrives(this, open, answer));
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private sealed record Open(long Id, string Cell, string What, Action<SimAnswer> Answered, Action<Exception> Failed);

    private sealed class Wires(SteppedHypervisors all, string cell) : IXapiWireFactory
    {
        public IXapiWire Open(HostAddress address) => new Wire(all, cell, address);
    }

    private sealed partial class Wire(SteppedHypervisors all, string cell, HostAddress address) : IXapiWire
    {
        public HostAddress Address => address;

        public Task<string> CallAsync(string text, TimeSpan timeout, CancellationToken stop)
        {
            var completion = new Completion<string>();
            if (stop.IsCancellationRequested)
            {
                completion.Cancel(stop);
                return completion.Task;
            }
            var id = ++all._lastId;
            var open = new Open(id, cell, $"call {MethodOf(text)} to {address}", OnAnswer, completion.Fail);
            Begin(open, timeout, () => completion.Cancel(stop), stop);
            all._stepper.Add(new CallTravels(all, open, address, host => all.Handle(host, new SimCall(id, host.Name, text)), text));
            return completion.Task;

            void OnAnswer(SimAnswer answer)
            {
                if (answer.Status == 200)
                    completion.Set(answer.Text);
                else
                    completion.Fail(new XenApiUnknownOutcome($"{address} answered HTTP {answer.Status}"));
            }
        }

        public Task PutAsync(string pathAndQuery, IByteSource body, TimeSpan timeout, CancellationToken stop)
        {
            var completion = new Completion<bool>();
            var id = ++all._lastId;
            SteppedHost? at = null;
            Open? open = null;
            open = new Open(id, cell, $"put {pathAndQuery.Split('?')[0]} to {address}", OnAnswer, completion.Fail);
            Begin(open, timeout, () => completion.Cancel(stop), stop);
            all._stepper.Add(new CallTravels(all, open, address, Head, pathAndQuery));
            return completion.Task;

            void Head(SteppedHost host)
            {
                at = host;
                all.Handle(host, new SimPutHead(id, host.Name, pathAndQuery, body.Length));
            }

            void OnAnswer(SimAnswer head)
            {
                switch (head.Status)
                {
                    // The first 200 asks for the body, the second is its end.
                    case 200 when at is { } host:
                        at = null;
                        Send(all, open!, host, body, stop);
                        break;
                    case 200:
                        completion.Set(true);
                        break;
                    // Another member has the repository; the body has not left yet.
                    case 302 when at is { } sent:
                        all._open.Add(id, open!);
                        var member = all._hosts.First(h => h.Core == sent.Core && h.Name == head.MovedTo).Address;
                        all._stepper.Add(new CallTravels(all, open!, member, Head, pathAndQuery));
                        break;
                    case 401:
                        completion.Fail(new XenApiFailure("PUT /import_raw_vdi", "SESSION_INVALID", []));
                        break;
                    default:
                        completion.Fail(new XenApiFailure("PUT /import_raw_vdi", "INTERNAL_ERROR", [$"{address} answered HTTP {head.Status}"]));
                        break;
                }
            }
        }

        private void Begin(Open open, TimeSpan timeout, Action cancel, CancellationToken stop)
        {
            all._open.Add(open.Id, open);
            all._stepper.AddAfter(timeout, new TimeIsUp(all, open, address, timeout));
            // Not inline: whoever cancels is in the middle of a turn.
            stop.Register(() => all._stepper.Add(new Cancelled(all, open, cancel)));
        }

        /// <summary>The body, in one go: its source is in memory, so it never waits.</summary>
        private static void Send(SteppedHypervisors all, Open open, SteppedHost host, IByteSource body, CancellationToken stop)
        {
            all._open.Add(open.Id, open);                  // the end of the transfer is answered under the same id
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var (length, broke) = (0L, (Exception?)null);
            var reading = ReadAsync();
            if (!reading.IsCompleted)
                throw new InvalidOperationException($"{open.What}: the image source waits for something that the stepper does not know.");
            all.Handle(host, new SimPutBody(open.Id, host.Name, length, Convert.ToHexStringLower(hash.GetHashAndReset()), broke is null));
            if (broke is not null && all._open.Remove(open.Id))
                open.Failed(new XenApiUnknownOutcome($"the transfer to {host.Address} broke off: {broke.Message}", broke));

            async Task ReadAsync()
            {
                try
                {
                    await foreach (var piece in body.ReadAsync(stop))
                    {
                        hash.AppendData(piece.Span);
                        length += piece.Length;
                    }
                }
                catch (Exception error) when (error is not OutOfMemoryException)
                {
                    broke = error;
                }
            }
        }

        private static string MethodOf(string text)
        {
            var at = text.IndexOf("\"method\":\"", StringComparison.Ordinal) + 10;
            var end = at < 10 ? -1 : text.IndexOf('"', at);
            return end < 0 ? "?" : text[at..end];
        }
    }

    private sealed class CallTravels(SteppedHypervisors all, Open open, HostAddress address, Action<SteppedHost> send, string content) : IEffect
    {
        public string Owner => open.Cell;

        public string Describe() => $"{open.What}: {content}";

        public void Perform()
        {
            if (!all._open.ContainsKey(open.Id))
                return;                                    // cancelled before it left
            if (!all._byAddress.TryGetValue(address, out var host) || !host.Answers)
            {
                all._open.Remove(open.Id);
                open.Failed(new XenApiUnreachable($"no connection to {address}: connection refused"));
                return;
            }
            // Mostly a plain no, so that another host and then another cell is tried; sometimes a code that says nothing.
            if (open.What.Contains("VM.start_on", StringComparison.Ordinal) && all._faults.Fires(FaultName.XapiStartRefused))
                all.Inject(host, new SimFault.OnCall("VM.start_on", FaultKind.Fail, open.Id % 4 == 0 ? "INTERNAL_ERROR" : "BOOTLOADER_FAILED", ["Injected: the domain could not be built"]));
            send(host);
            if (open.What.Contains("VM.", StringComparison.Ordinal))
                all.Look(host.Core);
        }

        public void OwnerDied(Random chance)
        {
            all._open.Remove(open.Id);
            if (chance.Next(2) == 0 && all._byAddress.TryGetValue(address, out var host))
                send(host);                                // it had left the dead process
        }
    }

    private sealed class AnswerArrives(SteppedHypervisors all, Open open, SimAnswer answer) : IEffect
    {
        public string Owner => open.Cell;

        public string Describe() => string.Create(CultureInfo.InvariantCulture, $"answer to {open.What}: {answer.Status} {answer.Text}");

        public void Perform()
        {
            if (!all._open.Remove(open.Id))
                return;                                    // nobody waits any more
            if (answer.ConnectionLost)
                open.Failed(new XenApiUnknownOutcome("the connection broke before the answer"));
            else if (!open.What.Contains("event.from", StringComparison.Ordinal) && all._faults.Fires(FaultName.XapiAnswerLost))
                open.Failed(new XenApiUnknownOutcome("Injected: the connection broke before the answer"));
            else
                open.Answered(answer);
        }

        public void OwnerDied(Random chance) => all._open.Remove(open.Id);
    }

    private sealed class TimeIsUp(SteppedHypervisors all, Open open, HostAddress address, TimeSpan timeout) : IEffect
    {
        public string Owner => open.Cell;

        public string Describe() => $"time is up for {open.Id}";

        public void Perform()
        {
            if (all._open.Remove(open.Id))
                open.Failed(new XenApiUnknownOutcome($"{address} did not answer within {timeout.TotalSeconds:0} s"));
        }

        public void OwnerDied(Random chance)
        {
        }
    }

    private sealed class Cancelled(SteppedHypervisors all, Open open, Action cancel) : IEffect
    {
        public string Owner => open.Cell;

        public string Describe() => $"cancel {open.Id}";

        public void Perform()
        {
            if (all._open.Remove(open.Id))
                cancel();
        }

        public void OwnerDied(Random chance)
        {
        }
    }
}

/// <summary>One simulated host.</summary>
/// <param name="Cell">The compute cell that it is given to.</param>
/// <param name="Core">Its pool.</param>
internal sealed record SteppedHost(string Cell, string Name, HostAddress Address, XenSimCore Core)
{
    public bool Answers => Info.Answers;

    /// <summary>What really runs and lies there.</summary>
    public HostAccount Account => Core.Account().Single(account => account.Name == Name);

    public bool IsCoordinator => Info.IsCoordinator;

    private SimHostInfo Info => Core.Hosts.First(h => h.Name == Name);
}
