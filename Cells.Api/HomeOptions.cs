using Cells.Contracts;

namespace Cells.Api;

/// <summary>What the home side of an API cell is told by its configuration.</summary>
/// <param name="BaseUrl">How clients reach the listener, such as <c>http://127.0.0.1:8774</c>, without a slash at its end: the catalog and every link begin with it.</param>
/// <param name="KeyDirectory">Where the signing keys lie, mode 0600, outside the database's directory; made when missing.</param>
/// <param name="ImageDirectory">Where image bytes lie; made when missing. Belongs to this cell alone.</param>
public sealed record HomeOptions(string BaseUrl, string KeyDirectory, string ImageDirectory)
{
    /// <summary>The name of this cell.</summary>
    public CellName Cell { get; init; } = CellName.Parse("global");

    public string Region { get; init; } = "RegionOne";
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long an accepted build or delete may take before its server shows the silence of its cell.</summary>
    /// <remarks>Longer than a compute cell's own deadlines: a cell that talks says itself that it is late.</remarks>
    public TimeSpan IntentTerm { get; init; } = TimeSpan.FromMinutes(20);
}
