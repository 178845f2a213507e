using Cells.Contracts;

namespace Cells.Host.Clients;

/// <summary>An end of a command that programs tell from others by its exit code.</summary>
internal sealed class CommandFailed : CellsException
{
    public CommandFailed(ExitCode code, string message) : base(message) => Code = code;

    public CommandFailed(ExitCode code, string message, Exception cause) : base(message, cause) => Code = code;

    public ExitCode Code { get; }
}

/// <summary>How `cells` ends. Described in docs/operator/command-line.md; programs rely on the numbers.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Refused or failed; of `cells doctor`: something is wrong.</summary>
    Failed = 1,

    /// <summary>The words were wrong; nothing was asked of anybody.</summary>
    Usage = 2,

    /// <summary>What was named is not there.</summary>
    NotFound = 3,

    /// <summary>Nobody answers at the address.</summary>
    Unreachable = 4,

    /// <summary>What was asked for goes on, but was not seen to end in the time that was given to wait.</summary>
    TimedOut = 5,

    /// <summary>Ended by who started it (SIGINT, SIGTERM).</summary>
    Interrupted = 130,
}
