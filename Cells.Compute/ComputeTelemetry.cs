using Cells.Compute.Instances;
using Cells.Compute.Reconciling;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Microsoft.Extensions.Logging;

namespace Cells.Compute;

/// <summary>What a compute cell logs. Numbers 2200 to 2499 are the cell's, its placer's and its hosts'; pools and XenAPI have their own.</summary>
internal static partial class ComputeTelemetry
{
    [LoggerMessage(2200, LogLevel.Information, "Compute cell {Cell}: {Instances} instances ({Running} with a workflow), {Hosts} hosts read back")]
    public static partial void Loaded(ILogger logger, CellName cell, int instances, int running, int hosts);

    [LoggerMessage(2210, LogLevel.Information, "Instance {Instance}: placed on host {Host}, attempt {Attempt}")]
    public static partial void Placed(ILogger logger, InstanceId instance, string host, int attempt);

    [LoggerMessage(2211, LogLevel.Information, "Instance {Instance}: refused: {Reason}")]
    public static partial void RefusedInstance(ILogger logger, InstanceId instance, string reason);

    [LoggerMessage(2212, LogLevel.Information, "Instance {Instance}: active on host {Host}")]
    public static partial void Active(ILogger logger, InstanceId instance, string? host);

    [LoggerMessage(2213, LogLevel.Information, "Instance {Instance}: deleted, nothing of it is left")]
    public static partial void Deleted(ILogger logger, InstanceId instance);

    [LoggerMessage(2240, LogLevel.Information, "Instance {Instance}: intent {Intent} ended as {Outcome}: {Reason}")]
    public static partial void Acted(ILogger logger, InstanceId instance, long intent, ActionOutcome outcome, string? reason);

    [LoggerMessage(2214, LogLevel.Warning, "Instance {Instance}: {Fault}")]
    public static partial void Late(ILogger logger, InstanceId instance, string? fault);

    [LoggerMessage(2215, LogLevel.Information, "Instance {Instance}: its host shows {Power}; vm_state {State}")]
    public static partial void Corrected(ILogger logger, InstanceId instance, PowerState power, VmState state);

    [LoggerMessage(2218, LogLevel.Information, "Instance {Instance}: somebody moved it from host {From} to {To}; its claim follows")]
    public static partial void Followed(ILogger logger, InstanceId instance, string from, string to);

    [LoggerMessage(2219, LogLevel.Information, "Instance {Instance}: {Workflow} from host {From} to {To}")]
    public static partial void GoesTo(ILogger logger, InstanceId instance, WorkflowKind workflow, string from, string to);

    [LoggerMessage(2225, LogLevel.Information, "Instance {Instance}: its host {From} has left the pool; it goes on at {To}, and its claim with it")]
    public static partial void Rehomed(ILogger logger, InstanceId instance, string from, string to);

    [LoggerMessage(2241, LogLevel.Information, "Instance {Instance}: its disk went with host {From}; it is built anew on host {To}, attempt {Attempt}")]
    public static partial void BuiltAnew(ILogger logger, InstanceId instance, string from, string to, int attempt);

    [LoggerMessage(2242, LogLevel.Warning, "Host {Host} is heard again: the word of {Who} that it runs nothing does not count any more")]
    public static partial void ProofEnded(ILogger logger, HostId host, string who);

    [LoggerMessage(2216, LogLevel.Information, "A decision was overtaken ({Missed}); it is taken again from what the database says")]
    public static partial void Overtaken(ILogger logger, string missed);

    [LoggerMessage(2217, LogLevel.Warning, "The database of cell {Cell} takes no writes now ({Reason}); what waits is tried again")]
    public static partial void DatabaseAway(ILogger logger, CellName cell, string reason);

    [LoggerMessage(2220, LogLevel.Error, "Instance {Instance}: step {Step} on host {Host} broke; it is probed and tried again")]
    public static partial void StepBroke(ILogger logger, Exception error, InstanceId instance, string step, HostId host);

    [LoggerMessage(2221, LogLevel.Information, "Instance {Instance}: outcome of step {Step} on host {Host} is not known: {Reason}")]
    public static partial void StepUnknown(ILogger logger, InstanceId instance, string step, HostId host, string reason);

    [LoggerMessage(2222, LogLevel.Warning, "{Kind} {Uuid} carries the stamp of instance {Instance}, which no longer has it: destroyed")]
    public static partial void Leftover(ILogger logger, LeftoverKind kind, Guid uuid, InstanceId instance);

    [LoggerMessage(2223, LogLevel.Warning, "Leftover {Uuid} could not be destroyed; the next sweep tries again: {Reason}")]
    public static partial void LeftoverStays(ILogger logger, Guid uuid, string reason);

    [LoggerMessage(2230, LogLevel.Information, "Image {Image}: fetching its {Bytes} bytes to SR {Sr}")]
    public static partial void FetchingImage(ILogger logger, ImageId image, SrId sr, long bytes);

    [LoggerMessage(2231, LogLevel.Information, "Image {Image} is on SR {Sr} as VDI {Vdi}")]
    public static partial void ImageCached(ILogger logger, ImageId image, SrId sr, Guid vdi);

    [LoggerMessage(2232, LogLevel.Warning, "Image {Image} did not get to SR {Sr}: {Answer}")]
    public static partial void ImageNotFetched(ILogger logger, ImageId image, SrId sr, string answer);
}
