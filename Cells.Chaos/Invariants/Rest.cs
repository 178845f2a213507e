using Cells.Chaos.Tree;

namespace Cells.Chaos.Invariants;

/// <summary>
/// Whether the world has come to rest: every client has seen the end of what it asked for, every invariant holds, and still does some simulated
/// seconds later.
/// </summary>
internal sealed class Rest(ChaosWorld world)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    // Longer than any period of the product's own (deadlines are looked at each 5 s).
    private static readonly TimeSpan Stays = TimeSpan.FromSeconds(8);

    private TimeSpan _lookedAt = TimeSpan.MinValue;
    private TimeSpan? _since;

    public bool IsReached()
    {
        var now = world.Stepper.Time.Elapsed;
        if (_lookedAt > TimeSpan.MinValue && now - _lookedAt < (_since is null ? LookEvery : Stays))
            return false;
        _lookedAt = now;
        if (!world.Clients.AllSettled || !Holds())
        {
            _since = null;
            return false;
        }
        _since ??= now;
        return now - _since >= Stays;
    }

    public Picture Picture() => Invariants.Picture.Take(world);

    private bool Holds()
    {
        var picture = Picture();
        return Invariant.AtTheEnd.All(invariant => !invariant.Check(picture).Any());
    }
}
