using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>A server as the API cell knows it: what was asked, where it was sent, what was reported, and what follows from the three.</summary>
internal sealed record Server(InstanceIntent Intent, ViewDispatch Dispatch, InstanceRow? Observed)
{
    public ServerView View { get; } = Contracts.View.Of(Intent.ForView, Dispatch, Observed);
}
