using Cells.Messaging.Actors;

namespace Cells.UnitTests.Messaging.Actors;

/// <summary>One actor system in stepped time, and actors made of lambdas.</summary>
public abstract class SteppedFixture
{
    protected SteppedFixture()
    {
        World = new SteppedDispatcher(new ManualTime());
        System = new ActorSystem("cell", World, World.Time);
    }

    private protected SteppedDispatcher World { get; }

    private protected ActorSystem System { get; }

    /// <summary>What the actors of the test noted, in order.</summary>
    private protected List<string> Log { get; } = [];

    private protected static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private protected IActorRef Start(Props props, string name)
    {
        var actor = System.ActorOf(props, name);
        World.RunUntilIdle();
        return actor;
    }

    private protected void TellAndRun(IActorRef actor, object message)
    {
        actor.Tell(message);
        World.RunUntilIdle();
    }

    /// <summary>Notes its life and its messages; does what a message that is an action says.</summary>
    private protected sealed class Noting : ReceiveActor
    {
        private readonly string _name;
        private readonly List<string> _log;

        public Noting(string name, List<string> log, Action<Noting>? preStart = null, Action<Noting>? constructing = null)
        {
            (_name, _log, OnPreStart) = (name, log, preStart);
            Note("constructed");
            constructing?.Invoke(this);
            Receive<Action<Noting>>(act => act(this));
            Receive<Terminated>(t => Note($"terminated {t.ActorRef.Name}"));
            Receive<string>(Note);
        }

        public Action<Noting>? OnPreStart { get; }

        public new IActorContext Context => base.Context;

        public new IActorRef Sender => base.Sender;

        public new ITimerScheduler Timers => base.Timers;

        public new IStash Stash => base.Stash;

        public new CancellationToken Stopping => base.Stopping;

        public void Note(string what) => _log.Add($"{_name}: {what}");

        public new void Become(Action configure) => base.Become(configure);

        public void On<T>(Action<T> handler) => Receive(handler);

        public void Pipe<T>(Task<T> task, Func<T, object> success, Func<Exception, object> failure, IActorRef? sender = null) =>
            PipeToSelf(task, success, failure, sender);

        protected override void PreStart()
        {
            Note("started");
            OnPreStart?.Invoke(this);
        }

        protected override void PostStop() => Note("stopped");

        protected override void PreRestart(Exception reason, object? message)
        {
            Note($"restarting after {reason.Message}");
            base.PreRestart(reason, message);
        }

        protected override void PostRestart(Exception reason)
        {
            Note("restarted");
            base.PostRestart(reason);
        }
    }

    private protected Props Note(string name, Action<Noting>? preStart = null, Action<Noting>? constructing = null) =>
        Props.Create(() => new Noting(name, Log, preStart, constructing));

    private protected static Action<Noting> Do(Action<Noting> act) => act;

    private protected static Action<Noting> Throw(string message) => _ => throw new InvalidOperationException(message);
}
