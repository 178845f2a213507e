using System.Text.Json.Serialization;

namespace Cells.XenSim.Faults;

/// <summary>
/// Something that goes wrong in the simulated world because a test asked for it. Faults come through the simulator's own
/// door, never through XenAPI: a real host has no such calls.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "fault")]
[JsonDerivedType(typeof(OnCall), "on-call")]
[JsonDerivedType(typeof(ClearAll), "clear-all")]
[JsonDerivedType(typeof(SetLatency), "set-latency")]
[JsonDerivedType(typeof(RestartToolstack), "restart-toolstack")]
[JsonDerivedType(typeof(PowerLoss), "power-loss")]
[JsonDerivedType(typeof(GuestEnds), "guest-ends")]
[JsonDerivedType(typeof(GuestIgnores), "guest-ignores")]
[JsonDerivedType(typeof(FillStorage), "fill-storage")]
[JsonDerivedType(typeof(EndSessions), "end-sessions")]
[JsonDerivedType(typeof(ForeignVm), "foreign-vm")]
[JsonDerivedType(typeof(PowerOn), "power-on")]
[JsonDerivedType(typeof(CutNetwork), "cut-network")]
[JsonDerivedType(typeof(ChangeCoordinator), "change-coordinator")]
[JsonDerivedType(typeof(JoinHost), "join-host")]
[JsonDerivedType(typeof(MoveVm), "move-vm")]
public abstract record SimFault
{
    /// <summary>Hits the <paramref name="Nth"/> call from now of a method (and the following, up to <paramref name="Count"/> in all).</summary>
    /// <param name="Method">Wire name. "VM.start_on" also hits "Async.VM.start_on" (inside its task); "Async.VM.start_on" only that, before a task is made. "PUT /import_raw_vdi" hits an import's end.</param>
    /// <param name="Code">XenAPI error code, for <see cref="FaultKind.Fail"/>.</param>
    /// <param name="Host">Null: any host of the pool.</param>
    public sealed record OnCall(string Method, FaultKind Kind, string Code = "INTERNAL_ERROR", IReadOnlyList<string>? Parameters = null, int Nth = 1, int Count = 1, string? Host = null) : SimFault;

    /// <summary>Forgets all rules of <see cref="OnCall"/> that have not hit yet, and lets full SRs have room again.</summary>
    public sealed record ClearAll : SimFault;

    /// <summary>Changes how long calls take from now on.</summary>
    public sealed record SetLatency(LatencyProfile Profile) : SimFault;

    /// <summary>The host's toolstack ends and comes back: connections break, pending tasks are cancelled (the effect of each, by chance, happened), VMs go on.</summary>
    public sealed record RestartToolstack(string Host, TimeSpan Downtime) : SimFault;

    /// <summary>
    /// The host loses its power. Its objects stay, its domains do not; it boots after <paramref name="OffFor"/>. A member's VMs are shown as they
    /// were until then; a coordinator takes the database with it until it boots or another member is made coordinator.
    /// </summary>
    public sealed record PowerLoss(string Host, TimeSpan OffFor) : SimFault;

    /// <summary>Ends a <see cref="PowerLoss"/> before its time.</summary>
    public sealed record PowerOn(string Host) : SimFault;

    /// <summary>Neither clients nor the other members reach the host; what runs on it goes on.</summary>
    public sealed record CutNetwork(string Host, TimeSpan CutFor) : SimFault;

    /// <summary>
    /// Somebody makes this member the coordinator: pool.designate_new_master while the old one is heard; without it what an administrator does by hand,
    /// pool.emergency_transition_to_master at the member and pool.recover_slaves.
    /// </summary>
    public sealed record ChangeCoordinator(string Host) : SimFault;

    /// <summary>A machine that stands by (<see cref="Core.HostShape.Spare"/>) becomes a member, as by pool.join.</summary>
    public sealed record JoinHost(string Host) : SimFault;

    /// <summary>Somebody else migrates a running VM to another member.</summary>
    public sealed record MoveVm(string VmUuid, string Host) : SimFault;

    /// <summary>The guest powers itself off, or restarts; the VM's own settings say what follows.</summary>
    public sealed record GuestEnds(string VmUuid, GuestEnd How) : SimFault;

    /// <summary>The guest does nothing when it is asked to shut down or reboot, until <see cref="ClearAll"/>: the host gives up after its 20 minutes.</summary>
    public sealed record GuestIgnores(string VmUuid) : SimFault;

    /// <summary>Every allocation on the SR fails for lack of space until <see cref="ClearAll"/>. Null: the pool's default SR.</summary>
    public sealed record FillStorage(string? SrUuid) : SimFault;

    /// <summary>Ends every session of the pool (as a database reload does), or one.</summary>
    public sealed record EndSessions(string? SessionRef = null) : SimFault;

    /// <summary>Somebody else starts a VM on the host: it runs, takes memory, and bears no stamp.</summary>
    public sealed record ForeignVm(string Host, string Name, long MemoryBytes, int Vcpus) : SimFault;
}

/// <summary>How a guest ended by its own doing.</summary>
public enum GuestEnd { Shutdown = 1, Reboot = 2, Crash = 3 }
