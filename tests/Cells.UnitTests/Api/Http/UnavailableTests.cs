using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Http;

/// <summary>What clients hear of a database that did not take their change: never what it said itself.</summary>
public sealed class UnavailableTests
{
    private const string Said = "23505: duplicate key value violates unique constraint \"aggregate_name_key\"";

    private static readonly CommitOutcome.Unavailable
        Away = new("The database of cell global could not be written: Failed to connect to 10.0.0.5:5432"),
        Taken = new(Said) { IsRefused = true, Constraint = "aggregate_name_key" },
        Wrong = new("42703: column \"colour\" does not exist") { IsRefused = true };

    [Test]
    public void Each_way_has_its_own_status_and_none_tells_what_the_database_said()
    {
        var (away, taken, wrong) = (Unavailable.Result(Away), Unavailable.Result(Taken), Unavailable.Result(Wrong));

        Assert.That((away.Status, taken.Status, wrong.Status), Is.EqualTo((503, 409, 500)));
        Assert.That(away.Headers.Single().Key, Is.EqualTo("Retry-After"));
        foreach (var answer in new[] { away, taken, wrong })
            Assert.That(answer.Message, Does.Not.Contain("5432").And.Not.Contain("key").And.Not.Contain("colour"));
    }

    [Test]
    public async Task A_constraint_is_a_guard_that_the_database_keeps()
    {
        var write = new RevokedNothing();

        Assert.That(await new Committer(new CommitOutcome.Committed([])).TakeAsync(write), Is.Null);
        Assert.That((await new Committer(new CommitOutcome.Missed([write])).TakeAsync(write))!.Writes, Is.EqualTo(new[] { write }));
        Assert.That((await new Committer(Taken).TakeAsync(write))!.Writes, Is.Empty, "another was faster: decide again");
        Assert.That(Assert.ThrowsAsync<NothingWritten>(() => new Committer(Away).TakeAsync(write))!.Outcome, Is.EqualTo(Away));
        Assert.That(Assert.ThrowsAsync<NothingWritten>(() => new Committer(Wrong).TakeAsync(write))!.Outcome, Is.EqualTo(Wrong));
    }

    [Test]
    public async Task Who_loses_to_others_is_decided_again_and_at_last_told_so()
    {
        var times = 0;
        var won = await Attempts.RunAsync(() => Task.FromResult(++times == 3 ? ApiResult.Empty(204) : null), "lost");
        var lost = await Attempts.RunAsync(() => Task.FromResult<ApiResult?>(null), "lost each time");

        Assert.That((won.Status, times), Is.EqualTo((204, 3)));
        Assert.That((lost.Status, lost.Message), Is.EqualTo((503, "lost each time")));
    }

    private sealed class Committer(CommitOutcome outcome) : ICommitter
    {
        public void Commit(Change change, Action<CommitOutcome> told) => told(outcome);
        public Task<CommitOutcome> CommitAsync(Change change) => Task.FromResult(outcome);
    }

    private sealed record RevokedNothing : IWrite
    {
        public WriteKind Kind => throw new InvalidOperationException("Nobody writes it.");
    }
}
