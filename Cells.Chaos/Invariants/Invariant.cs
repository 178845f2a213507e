namespace Cells.Chaos.Invariants;

/// <summary>Something that must hold whatever failed before, once the world has come to rest.</summary>
internal abstract class Invariant
{
    /// <summary>All that are checked at the end; <see cref="OneLife"/> (I2) is checked at every step as well.</summary>
    public static IReadOnlyList<Invariant> AtTheEnd { get; } =
        [new RequestsEnd(), new OneVmEach(), new NoOverclaim(), new QuotaIsExact(), new CopiesAgree(), new NothingLeft(), new AddressesAreLive(), new EffectsOnce(), new ActionsInOrder()];

    public abstract string Name { get; }

    public IEnumerable<Violation> Check(Picture picture) => Stories(picture).Take(5).Select(story => new Violation(Name, story));

    protected abstract IEnumerable<string> Stories(Picture picture);
}
