namespace Cells.Api.Http;

/// <summary>Requests decide on what they read and are guarded when they write: one that loses to another is decided again on what that one left.</summary>
internal static class Attempts
{
    // So often in a row means something is wrong.
    public const int Most = 5;

    /// <param name="once">Reads, decides and writes; null when others were faster.</param>
    /// <param name="lost">What became of it when others were faster each time.</param>
    public static async Task<ApiResult> RunAsync(Func<Task<ApiResult?>> once, string lost)
    {
        for (var attempt = 0; attempt < Most; attempt++)
        {
            if (await once() is { } answer)
                return answer;
        }
        return ApiResult.Unavailable(lost, Unavailable.RetryAfter);
    }
}
