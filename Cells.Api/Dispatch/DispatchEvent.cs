using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Dispatch;

/// <summary>What can happen to the dispatch of one instance.</summary>
internal abstract record DispatchEvent(InstanceId Instance)
{
    /// <param name="From">Link to the parent; null: the door of this cell.</param>
    public sealed record Build(BuildInstance Command, CellName? From) : DispatchEvent(Command.Instance);

    /// <param name="From">Link to the parent; null: the door of this cell, which knows no epoch.</param>
    public sealed record Delete(DeleteInstance Command, CellName? From) : DispatchEvent(Command.Instance);

    /// <param name="From">Link to the parent; null: the door of this cell, which knows no epoch.</param>
    public sealed record Act(ActOnInstance Command, CellName? From) : DispatchEvent(Command.Instance);

    public sealed record Acted(InstanceActed Answer, CellName Child) : DispatchEvent(Answer.Instance);

    /// <param name="From">Link to the parent; null: the door of this cell, which knows no epoch.</param>
    public sealed record Ask(AskInstance Question, CellName? From) : DispatchEvent(Question.Instance);

    public sealed record Told(InstanceTold Answer, CellName Child) : DispatchEvent(Answer.Instance);

    public sealed record Placed(InstancePlaced Answer, CellName Child) : DispatchEvent(Answer.Instance);

    public sealed record Failed(PlacementFailed Answer, CellName Child) : DispatchEvent(Answer.Instance);

    public sealed record Gone(InstanceDeleted Answer, CellName Child) : DispatchEvent(Answer.Instance);

    /// <summary>A child was heard or sent news: a waiting row may find one now.</summary>
    public sealed record Heard(InstanceId Waiting) : DispatchEvent(Waiting);

    /// <summary>The row's deadline passed.</summary>
    /// <param name="Observed">The merged copy; null before the first report.</param>
    public sealed record Due(InstanceId Late, long Epoch, InstanceRow? Observed) : DispatchEvent(Late);

    /// <summary>The link began anew: what the child had not answered may be lost to it.</summary>
    public sealed record Reset(InstanceId Open, CellName Child) : DispatchEvent(Open);
}
