using Cells.Messaging.Actors;
using Cells.Messaging.Links;

namespace Cells.Api;

/// <summary>Gives what the links bring to its owner: work to the dispatcher, state to the index, and what is heard of neighbours to both.</summary>
internal sealed class RouterActor : ReceiveActor
{
    public RouterActor(IActorRef dispatch, IActorRef index)
    {
        Receive<WorkReceived>(m => dispatch.Tell(m, Sender));
        Receive<StateReceived>(m => index.Tell(m, Sender));
        Receive<NewsReceived>(m =>
        {
            dispatch.Tell(m, Sender);
            index.Tell(m, Sender);
        });
        Receive<NeighbourChanged>(m => dispatch.Tell(m, Sender));
        Receive<LinkReset>(m => dispatch.Tell(m, Sender));
    }
}
