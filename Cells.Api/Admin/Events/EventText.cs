using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Cells.Api.Admin.Events;

/// <summary>
/// A stream as Server-Sent Events (WHATWG HTML, 9.2). A reader that takes nothing for a while is told so and let go: it can resume above the last
/// id that it got.
/// </summary>
internal sealed class EventText(Stream to, TimeProvider time)
{
    /// <summary>A reader that lets one page lie for so long does not follow.</summary>
    public static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(10);

    // And one that never takes it keeps its connection no longer than this.
    private static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _text = new();
    private long _told;

    /// <param name="closing">The door closes: the reader is told, and may come again.</param>
    public async Task WriteAsync(IAsyncEnumerable<(long UpTo, CellsEvent? Event)> events, CancellationToken closing, CancellationToken gone)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(closing, gone);
        try
        {
            await foreach (var (upTo, told) in events.WithCancellation(ending.Token))
            {
                _told = upTo;
                Append(told);
                if (told is null && await FlushAsync(gone) > SlowAfter)
                {
                    await LoseAsync($"Nothing was taken for {SlowAfter.TotalSeconds:0} s: the reader is slower than the changes.", gone);
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested && !gone.IsCancellationRequested)
        {
            await LoseAsync("The door closes.", gone);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // Nobody reads any more, and nobody is told.
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            await LoseAsync($"The cell could not be asked: {error.Message}", gone);
        }
    }

    private void Append(CellsEvent? told)
    {
        _text.Append(CultureInfo.InvariantCulture, $"id: {_told}\n");
        _text.Append(told is null ? ": so far\n\n" : $"event: {told.Kind}\ndata: {JsonSerializer.Serialize(told, AdminJson.Default.CellsEvent)}\n\n");
    }

    private Task<TimeSpan> LoseAsync(string reason, CancellationToken gone)
    {
        var lost = JsonSerializer.Serialize(new StreamLost($"{reason} Resume with since={_told}.", _told), AdminJson.Default.StreamLost);
        _text.Append(CultureInfo.InvariantCulture, $"event: lost\ndata: {lost}\n\n");
        return FlushAsync(gone);
    }

    /// <returns>How long the reader let it lie.</returns>
    private async Task<TimeSpan> FlushAsync(CancellationToken gone)
    {
        var began = time.GetTimestamp();
        using var limit = new CancellationTokenSource(GoneAfter, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, gone);
        var bytes = Encoding.UTF8.GetBytes(_text.ToString());
        _text.Clear();
        await to.WriteAsync(bytes, either.Token);
        await to.FlushAsync(either.Token);
        return time.GetElapsedTime(began);
    }
}

/// <summary>The last event of a stream that this cell ends.</summary>
public sealed record StreamLost(string Reason, long Resume);
