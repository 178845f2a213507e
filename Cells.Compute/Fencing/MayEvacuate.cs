using Cells.Compute.Hosts;
using Cells.Contracts;

namespace Cells.Compute.Fencing;

/// <summary>Whether what ran on a host may be started elsewhere: only when it is not heard, and somebody has proved that it runs nothing.</summary>
internal static class MayEvacuate
{
    /// <param name="health">As this cell hears it now; null when it has not been asked yet.</param>
    public static EvacuationVerdict Judge(string hostName, HostStatus? health, FenceProof? proof) => (health, proof) switch
    {
        (HostStatus.Up or HostStatus.Maintenance, _) => new EvacuationVerdict.No(
            $"Host {hostName} is heard: what runs there goes on. Migrate the server, or power the host off first."),
        (_, null) => new EvacuationVerdict.No(
            $"Host {hostName} is not heard, and that alone does not prove that it runs nothing: its servers may go on there. "
            + $"Power it off, make sure, and say so with `cells host fenced {hostName} --reason \"...\"`; then ask again."),
        (HostStatus.Down, { }) => EvacuationVerdict.Yes.Instance,
        _ => EvacuationVerdict.Wait.Instance,                     // it may answer yet: after a start, or within its first seconds of silence
    };
}

internal abstract record EvacuationVerdict
{
    private EvacuationVerdict() { }

    public sealed record Yes : EvacuationVerdict
    {
        public static readonly Yes Instance = new();
    }

    /// <param name="Reason">For people, with the way out.</param>
    public sealed record No(string Reason) : EvacuationVerdict;

    /// <summary>It is not known yet; it will be within seconds.</summary>
    public sealed record Wait : EvacuationVerdict
    {
        public static readonly Wait Instance = new();
    }
}
