using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>What the end of a dispatch writes to the home's intents; the owner of that table describes the write. Null in a routing cell.</summary>
public interface IHomeIntents
{
    /// <summary>Nothing of the instance is left anywhere: it stops counting against the quota, and its addresses are free. Twice is harmless.</summary>
    IReadOnlyList<IWrite> Terminated(InstanceId instance, DateTimeOffset at);

    /// <summary>
    /// An action has ended: the server's log says how, what it changed at the home is settled, and an image that it was to make and did not is gone. Twice is
    /// harmless.
    /// </summary>
    IReadOnlyList<IWrite> Acted(InstanceActed answer);
}
