namespace Cells.Contracts;

/// <summary>An error whose text is for people: what happened, to which thing, what to do. The command line prints it without a stack.</summary>
public class CellsException : Exception
{
    public CellsException(string message) : base(message) { }
    public CellsException(string message, Exception cause) : base(message, cause) { }
}
