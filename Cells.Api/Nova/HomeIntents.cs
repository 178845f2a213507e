using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

public sealed class HomeIntents : IHomeIntents
{
    public IWrite Terminated(InstanceId instance, DateTimeOffset at) => new ConfirmTerminated(instance, at);
}
