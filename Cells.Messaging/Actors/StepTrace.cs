namespace Cells.Messaging.Actors;

/// <summary>One step of a stepped run, told before it is done: what goes into the event log.</summary>
/// <param name="Message">The message as its handler sees it; life-cycle steps and Ask time-outs have objects whose ToString is stable.</param>
public readonly record struct StepTrace(ActorSystem System, ActorPath Actor, object Message);
