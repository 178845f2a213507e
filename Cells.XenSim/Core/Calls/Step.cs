namespace Cells.XenSim.Core.Calls;

/// <summary>How far a call has come: answered, working until later, or waiting for somebody else to complete it.</summary>
internal abstract record Step
{
    public static readonly Step Void = new Done(null);
    public static readonly Step Wait = new Parked();

    public static Step Of(object? value) => new Done(value);

    public sealed record Done(object? Value) : Step;
    public sealed record After(TimeSpan Delay, Func<Step> Then) : Step;
    public sealed record Parked : Step;
}
