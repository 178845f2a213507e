using Cells.Api.Dispatch;
using Cells.Api.Explaining;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Explaining;

public sealed class StoryTests
{
    private static readonly CellName Top = CellName.Parse("top"), Mid = CellName.Parse("mid"), A = CellName.Parse("a"), B = CellName.Parse("b");
    private static readonly InstanceId Id = new(Guid.Parse("11111111-1111-4111-8111-111111111111"));

    [Test]
    public void Each_refusal_stands_behind_the_choice_it_ended()
    {
        var placed = new InstancePlaced(
            Id, 1, 1, B, default, "b2",
            [Chose(Mid, "cell", "a"), Chose(Mid, "cell", "b"), Chose(B, "host", "b1"), Chose(B, "host", "b2")],
            [No(A, "a1 failed"), No(A, "a2 failed"), No(B, "b1 failed")]);
        var row = new DispatchRow(
            Id, 1, 1, null, DispatchState.Placed, Mid, null, 0, null, [Chose(Top, "cell", "mid")], [], placed, null, null, null, default, default, 3);

        var story = Story.Of(Id, Top, [row]);

        Assert.That(story.Steps.Select(s => s.Text), Is.EqualTo(new[]
        {
            "top chose cell mid of 2", "mid chose cell a of 2", "a: a1 failed", "a: a2 failed", "mid chose cell b of 2",
            "b chose host b1 of 2", "b: b1 failed", "b chose host b2 of 2", "placed on host b2 of cell b",
        }));
    }

    private static Explanation Chose(CellName cell, string question, string chosen) => new(cell, question, chosen, 2, [], [], [], null);

    private static Refusal No(CellName cell, string reason) => new(cell, "build_failed", reason, null);
}
