namespace Cells.Api.Http;

/// <summary>The services behind the one listener, each with its own path, version documents and form of errors.</summary>
public enum ApiService
{
    Root = 1,
    Identity = 2,
    Image = 3,
    Compute = 4,
    Cells = 5,
    Network = 6,
}
