namespace Cells.Messaging.Actors;

/// <summary>What a supervisor does about a failed child.</summary>
public enum Directive
{
    /// <summary>The instance goes on with the next message.</summary>
    Resume = 1,

    /// <summary>A new instance takes over the mailbox; the failed one's children are stopped.</summary>
    Restart = 2,

    /// <summary>The supervisor fails in its turn.</summary>
    Escalate = 3,

    Stop = 4,
}

public abstract class SupervisorStrategy
{
    private protected SupervisorStrategy()
    {
    }

    /// <summary>Restarts with back-off from 100 ms to 10 s. An actor that fails an eleventh time within a minute is stopped and its
    /// supervisor fails.</summary>
    public static SupervisorStrategy DefaultStrategy { get; } = new OneForOneStrategy(maxNrOfRetries: 10, TimeSpan.FromMinutes(1));

    public static SupervisorStrategy StoppingStrategy { get; } = new OneForOneStrategy(0, TimeSpan.Zero, _ => Directive.Stop);

    /// <summary>Stops what could not be started or lost what it watched; restarts the rest.</summary>
    public static Directive DefaultDecider(Exception error) =>
        error is ActorInitializationException or DeathPactException ? Directive.Stop : Directive.Restart;

    internal abstract Verdict Judge(Exception error, RestartCount restarts, TimeProvider time);

    internal readonly record struct Verdict(Directive Directive, TimeSpan Delay, bool RestartsExhausted)
    {
        public override string ToString() => this switch
        {
            { RestartsExhausted: true } => "it is stopped, its supervisor fails",
            { Directive: Directive.Restart } => $"it restarts in {Delay}",
            { Directive: Directive.Resume } => "it goes on",
            { Directive: Directive.Stop } => "it is stopped",
            _ => "its supervisor fails",
        };
    }
}
