using Cells.Api.Fleet;
using Cells.Api.Http;

namespace Cells.Api.Admin;

/// <summary>Hosts that are emptied for service.</summary>
public sealed partial class AdminApi
{
    /// <summary>The word is kept here and goes to the host's cell, which does it and tells how far it has come with the host's row.</summary>
    /// <param name="word">The host's name or uuid.</param>
    internal Task<ApiResult> DrainAsync(string word, bool draining, string? traceParent, CancellationToken stop) =>
        _words.SayAsync(
            word, setting => setting with { Draining = draining },
            () => ApiResult.NotFound($"No host '{word}' is known here. `cells host list` shows those that are."), _ => ApiResult.Empty(202), traceParent, stop);
}
