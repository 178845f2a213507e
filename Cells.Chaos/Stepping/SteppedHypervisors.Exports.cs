using System.Runtime.CompilerServices;
using Cells.Compute.XenApi;
using Cells.XenSim.Core;

namespace Cells.Chaos.Stepping;

/// <summary>Reading disks: the head travels as a call does, the bytes are at hand, and the host's word for their end travels again.</summary>
internal sealed partial class SteppedHypervisors
{
    private sealed partial class Wire
    {
        public async IAsyncEnumerable<ReadOnlyMemory<byte>> GetAsync(string pathAndQuery, TimeSpan timeout, [EnumeratorCancellation] CancellationToken stop)
        {
            var id = ++all._lastId;
            var (host, head) = await AskAsync(id, address, pathAndQuery, h => new SimGetHead(id, h.Name, pathAndQuery), timeout, stop);
            if (head.Status == 302)
            {
                var member = all._hosts.First(h => h.Core == host.Core && h.Name == head.MovedTo).Address;
                (host, head) = await AskAsync(id, member, pathAndQuery, h => new SimGetHead(id, h.Name, pathAndQuery), timeout, stop);
            }
            if (head.Export is not { } export)
                throw new XenApiFailure("GET /export_raw_vdi", head.Status == 401 ? "SESSION_INVALID" : "INTERNAL_ERROR", head.Status == 401 ? [] : [$"{address} answered HTTP {head.Status}"]);
            foreach (var piece in SteppedImages.Read(export.Sha256, export.ContentLength, export.Length - 1))
                yield return piece;
            await AskAsync(id, host.Address, "the end of an export", h => new SimGetEnd(id, h.Name, Complete: true), timeout, stop);
            yield return SteppedImages.LastOf(export.Sha256, export.ContentLength, export.Length);
        }

        private async Task<(SteppedHost Host, SimAnswer Answer)> AskAsync(
            long id, HostAddress to, string content, Func<SteppedHost, SimRequest> request, TimeSpan timeout, CancellationToken stop)
        {
            var completion = new Completion<SimAnswer>();
            SteppedHost? at = null;
            var open = new Open(id, cell, $"get {content.Split('?')[0]} from {to}", completion.Set, broken => completion.Fail(
                broken is XenApiUnknownOutcome lost ? new XenApiUnreachable(lost.Message, lost) : broken));   // it changes nothing: it may be asked again
            Begin(open, timeout, () => completion.Cancel(stop), stop);
            all._stepper.Add(new CallTravels(all, open, to, host => all.Handle(at = host, request(host)), content));
            var answer = await completion.Task;
            return (at!, answer);
        }
    }
}
