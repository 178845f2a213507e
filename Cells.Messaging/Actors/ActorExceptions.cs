namespace Cells.Messaging.Actors;

/// <summary>A constructor, PreStart or PostRestart threw. The default strategy stops such an actor.</summary>
public sealed class ActorInitializationException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The name is malformed, or a sibling has it (it is free again when that one has terminated).</summary>
public sealed class InvalidActorNameException(string message) : Exception(message);

/// <summary>A watched actor terminated and the watcher has no handler for <see cref="Terminated"/>.</summary>
public sealed class DeathPactException(string message) : Exception(message);

/// <summary>An actor failed more often than its supervisor allows; its supervisor fails with this.</summary>
public sealed class RestartsExhaustedException(string message, Exception cause) : Exception(message, cause);

public sealed class StashOverflowException(string message) : Exception(message);

public sealed class AskTimeoutException(string message) : TimeoutException(message);
