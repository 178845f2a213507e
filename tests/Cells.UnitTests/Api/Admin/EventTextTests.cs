using System.Text;
using Cells.Api.Admin.Events;
using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Admin;

/// <summary>The stream of events as a reader gets it, and how it ends.</summary>
public sealed class EventTextTests
{
    private static readonly CellsEvent Told = new(7, DateTimeOffset.UnixEpoch, "host", "east-1", "id", "h1", "up", "up again");

    private readonly ManualTime _time = new();

    [Test]
    public async Task Every_event_has_its_number_and_each_page_is_sent_with_its_end()
    {
        var reader = new Reader(_time, TimeSpan.Zero);

        await new EventText(reader, _time).WriteAsync(Events((7, Told), (9, null)), CancellationToken.None, CancellationToken.None);

        Assert.That(reader.Text, Is.EqualTo("""
            id: 7
            event: host
            data: {"change":7,"at":"1970-01-01T00:00:00+00:00","kind":"host","cell":"east-1","id":"id","name":"h1","state":"up","text":"up again"}

            id: 9
            : so far


            """));
    }

    [Test]
    public async Task A_reader_that_lets_a_page_lie_is_told_why_it_is_let_go_and_where_to_resume()
    {
        var reader = new Reader(_time, EventText.SlowAfter + TimeSpan.FromSeconds(1));

        await new EventText(reader, _time).WriteAsync(Events((7, Told), (9, null), (12, Told), (12, null)), CancellationToken.None, CancellationToken.None);

        Assert.That(reader.Text, Does.EndWith(
            "event: lost\ndata: {\"reason\":\"Nothing was taken for 10 s: the reader is slower than the changes. Resume with since=9.\",\"resume\":9}\n\n"));
        Assert.That(reader.Text, Does.Not.Contain("id: 12"));
    }

    [Test]
    public async Task When_the_door_closes_the_reader_is_told()
    {
        var reader = new Reader(_time, TimeSpan.Zero);
        using var closing = new CancellationTokenSource();

        var writing = new EventText(reader, _time).WriteAsync(Forever(), closing.Token, CancellationToken.None);
        await closing.CancelAsync();
        await writing;

        Assert.That(reader.Text, Does.EndWith("event: lost\ndata: {\"reason\":\"The door closes. Resume with since=3.\",\"resume\":3}\n\n"));
    }

    [Test]
    public async Task A_reader_that_is_gone_is_told_nothing_and_is_no_failure()
    {
        var reader = new Reader(_time, TimeSpan.Zero);
        using var gone = new CancellationTokenSource();

        var writing = new EventText(reader, _time).WriteAsync(Forever(), CancellationToken.None, gone.Token);
        await gone.CancelAsync();
        await writing;

        Assert.That(reader.Text, Is.EqualTo("id: 3\n: so far\n\n"));
    }

    private static async IAsyncEnumerable<(long, CellsEvent?)> Events(params (long, CellsEvent?)[] events)
    {
        foreach (var told in events)
            yield return told;
        await Task.CompletedTask;
    }

    private static async IAsyncEnumerable<(long, CellsEvent?)> Forever([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop = default)
    {
        yield return (3, null);
        var never = new TaskCompletionSource();
        using var registration = stop.Register(() => never.TrySetCanceled(stop));
        await never.Task;
    }

    /// <summary>Takes so long for each flush.</summary>
    private sealed class Reader(ManualTime time, TimeSpan takes) : MemoryStream
    {
        public string Text => Encoding.UTF8.GetString(ToArray());

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            time.Advance(takes);
            return Task.CompletedTask;
        }
    }
}
