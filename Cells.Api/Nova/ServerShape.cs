using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>In which shape a server is shown.</summary>
internal readonly record struct ServerShape(Microversion Version, bool ForAdmin, ServerAnswer Answer)
{
    /// <summary>An update or a rebuild was answered with less than a show before 2.75.</summary>
    public bool IsWhole => Answer is not (ServerAnswer.Update or ServerAnswer.Rebuild) || Version.Has(75);
}

/// <summary>What a server is shown in.</summary>
internal enum ServerAnswer
{
    Show = 1,
    List = 2,
    Update = 3,
    Rebuild = 4,
}
