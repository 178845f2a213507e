using System.Collections;
using System.Diagnostics;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>
/// Waits for what other processes bring about: they tell nobody, so they are looked at again and again, up to a deadline. The one place in these
/// tests that does so.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <returns>The first look that was as wanted.</returns>
    public static async Task<T> SeeAsync<T>(string what, TimeSpan within, Func<Task<T>> look, Func<T, bool> isWanted)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            var seen = await look();
            if (isWanted(seen))
                return seen;
            if (Stopwatch.GetElapsedTime(since) > within)
                Assert.Fail($"Not within {within.TotalSeconds:0} s: {what}. Last seen: {(seen is IEnumerable many and not string ? string.Join("; ", many.Cast<object>()) : seen)}");
            await Task.Delay(LookEvery);
        }
    }

    public static Task IsSoAsync(string what, TimeSpan within, Func<bool> isSo) =>
        SeeAsync(what, within, () => Task.FromResult(isSo()), so => so);
}
