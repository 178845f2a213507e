using Cells.Messaging.Actors;

namespace Cells.Chaos.Stepping;

/// <summary>
/// The one driver of a stepped world. A step is one message handled or one effect performed; which one is drawn from the seed. When there is
/// nothing left to do, time moves to the next moment at which something is due.
/// </summary>
internal sealed class Stepper
{
    // Messages are drawn more often than effects, so that committers see groups and not single changes, as they do under load.
    private const int MessageShare = 93;

    private readonly SteppedDispatcher _dispatcher;
    private readonly ManualTime _time;
    private readonly Random _random;
    private readonly EventLog _log;
    private readonly List<IEffect> _effects = [];
    private readonly PriorityQueue<IEffect, (TimeSpan Due, long Number)> _later = new();
    private readonly List<IDueSource> _sources = [];
    private readonly List<(long Step, Action Action)> _afterSteps = [];
    private long _number;

    public Stepper(SteppedDispatcher dispatcher, Random random, EventLog log)
    {
        (_dispatcher, _time, _random, _log) = (dispatcher, dispatcher.Time, random, log);
        dispatcher.Observer = step => log.Add(_time.Elapsed, step.Actor.ToString(), step.Message);
    }

    public SteppedDispatcher Dispatcher => _dispatcher;

    public ManualTime Time => _time;

    /// <summary>Messages handled and effects performed.</summary>
    public long Steps { get; private set; }

    /// <summary>Effects that wait to be drawn, now or later; for the report of a world that does not come to rest.</summary>
    public IEnumerable<string> Waiting => _effects.Concat(_later.UnorderedItems.Select(item => item.Element)).Select(effect => $"{effect.Owner}: {effect.Describe()}");

    public void Add(IEffect effect) => _effects.Add(effect);

    /// <summary>Not before that much time has passed.</summary>
    public void AddAfter(TimeSpan delay, IEffect effect)
    {
        if (delay <= TimeSpan.Zero)
            _effects.Add(effect);
        else
            _later.Enqueue(effect, (_time.Elapsed + delay, ++_number));
    }

    /// <summary>Something with a plan of its own, such as the simulated hypervisors.</summary>
    public void Attach(IDueSource source) => _sources.Add(source);

    /// <summary>Does it between two steps, so many from now: in the middle of whatever is then under way.</summary>
    public void AfterSteps(int steps, Action action) => _afterSteps.Add((Steps + steps, action));

    /// <summary>One message or one effect.</summary>
    /// <returns>False when nothing can be done at this moment.</returns>
    public bool Step()
    {
        var (messages, effects) = (_dispatcher.Count, _effects.Count);
        if (messages == 0 && effects == 0)
            return false;
        Steps++;
        for (var i = _afterSteps.Count - 1; i >= 0; i--)
        {
            var (step, action) = _afterSteps[i];
            if (step > Steps)
                continue;
            _afterSteps.RemoveAt(i);
            action();
            return true;
        }
        if (effects == 0 || (messages > 0 && _random.Next(100) < MessageShare))
        {
            _dispatcher.RunOne(_random.Next(messages));
            return true;
        }
        var at = _random.Next(effects);
        var effect = _effects[at];
        _effects.RemoveAt(at);
        _log.Add(_time.Elapsed, effect.Owner, effect.Describe());
        effect.Perform();
        return true;
    }

    /// <summary>When something is due that is not yet; null: never.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            var next = _time.NextDue;
            if (_later.TryPeek(out _, out var first) && !(next <= first.Due))
                next = first.Due;
            foreach (var source in _sources)
                if (source.NextDue is { } due && !(next <= due))
                    next = due;
            return next;
        }
    }

    /// <summary>Moves time; what is due by then becomes runnable.</summary>
    public void MoveTo(TimeSpan moment)
    {
        _dispatcher.FireDue(moment);
        while (_later.TryPeek(out var effect, out var first) && first.Due <= moment)
        {
            _later.Dequeue();
            _effects.Add(effect);
        }
        foreach (var source in _sources)
            source.Advance();
    }

    /// <summary>Takes along what a dead cell has begun.</summary>
    public void Forget(string owner)
    {
        foreach (var effect in _effects.Where(effect => effect.Owner == owner).ToList())
            effect.OwnerDied(_random);
        _effects.RemoveAll(effect => effect.Owner == owner);
        var later = _later.UnorderedItems.OrderBy(item => item.Priority).ToList();
        _later.Clear();
        foreach (var (effect, priority) in later)
        {
            if (effect.Owner == owner)
                effect.OwnerDied(_random);
            else
                _later.Enqueue(effect, priority);
        }
    }
}

/// <summary>Does things by itself at moments that it knows in advance.</summary>
internal interface IDueSource
{
    TimeSpan? NextDue { get; }

    /// <summary>Time has moved: do what is due.</summary>
    void Advance();
}
