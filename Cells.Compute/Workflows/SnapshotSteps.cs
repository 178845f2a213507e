using System.Globalization;
using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>
/// An image made of an instance's disk: a snapshot, its bytes sent to the image's home, the snapshot destroyed. A snapshot is born with its source's marks, so
/// that one whose answer was lost looks like an operator's; the source is marked first, and unmarked once the snapshot has marks of its own (ADR 0019).
/// </summary>
internal static class SnapshotSteps
{
    /// <summary>On the source while its snapshot is taken, and so on the snapshot from its birth: the intent that it is taken for.</summary>
    public const string TakenFor = "cells-snapshot";

    public static async Task<StepOutcome> TakeAsync(StepContext context, CancellationToken stop)
    {
        var source = await SourceAsync(context, stop);
        await MarkAsync(context, source, stop);
        var snapshot = await context.Pool.CallAsync(Vdi.Snapshot(source) with { Timeout = TimeSpan.FromMinutes(10) }, stop);
        var record = await context.Pool.CallAsync(Vdi.GetRecord(snapshot), stop);
        return await StampAsync(context, source, new(snapshot, record), context.Row.WorkingIntent, stop);
    }

    public static async Task<ProbeAnswer> FindAsync(StepContext context, CancellationToken stop)
    {
        if (await FindOwnAsync(context, stop) is { } own)
            return new ProbeAnswer.Done(own);
        var underWay = await Probing.UnderWayAsync(context, XenCalls.VdiSnapshot.Name, stop);
        // Read again: it may have ended between the first look and the look at the tasks.
        if (await FindOwnAsync(context, stop) is { } ended)
            return new ProbeAnswer.Done(ended);
        return underWay is null ? ProbeAnswer.NotDone.Instance : new ProbeAnswer.Unknown(underWay);
    }

    public static async Task<StepOutcome> SendAsync(StepContext context, CancellationToken stop)
    {
        var image = context.Row.Actions.Current?.Snapshot ?? throw new InvalidOperationException($"Instance {context.Row.Id} makes an image, and no command says which.");
        var disk = await context.Pool.RefAsync(Vdi.GetByUuid(context.Row.Disks.Snapshot!.Value), stop);
        var size = (await context.Pool.CallAsync(Vdi.GetRecord(disk), stop)).VirtualSize;
        return await context.Images.SendAsync(new SendImage(image, context.Row.Parent, disk, size, context.Pool), stop) switch
        {
            ImageSent.Stored => new StepOutcome.Done(),
            ImageSent.Refused refused => new StepOutcome.Refused("image_refused", refused.Why),
            ImageSent.NotNow later => new StepOutcome.Unknown(later.Why),
            var other => throw new InvalidOperationException($"no such answer: {other}"),
        };
    }

    /// <summary>
    /// The image has its bytes: nothing that is left here makes that undone. Refused (somebody else's VM may hold the snapshot, for a backup), it is the sweep's:
    /// the row names it no more.
    /// </summary>
    public static async Task<StepOutcome> DestroyAsync(StepContext context, CancellationToken stop)
    {
        try
        {
            await ObjectsOf.DestroyDisksAsync(context, DiskRole.Snapshot, stop);
        }
        catch (XenApiFailure refused) when (refused.Kind == FailureKind.Refuse)
        {
            // As above.
        }
        return new StepOutcome.Done(Disks: context.Row.Disks.With(DiskRole.Snapshot, null));
    }

    public static async Task UndoAsync(StepContext context, CancellationToken stop)
    {
        await FindOwnAsync(context, stop);                       // one that has no marks of its own yet gets them, and so is found
        await ObjectsOf.DestroyDisksAsync(context, DiskRole.Snapshot, stop);
        if (context.Row.Disks.Root is not null)
            await context.Pool.CallAsync(Vdi.RemoveFromOtherConfig(await SourceAsync(context, stop), TakenFor), stop);
    }

    /// <summary>
    /// A snapshot that is stamped, or the one that bears its source's mark of being taken. Of two of those one is an operator's, and nobody can tell which:
    /// both stay, and are listed.
    /// </summary>
    private static async Task<StepOutcome.Done?> FindOwnAsync(StepContext context, CancellationToken stop)
    {
        foreach (var (_, record) in await ObjectsOf.DisksAsync(context, stop))
            if (Marks.RoleOf(record.OtherConfig) == DiskRole.Snapshot && Marks.Read(record.OtherConfig) == context.Row.Stamp)
                return await MadeAsync(context, await SourceAsync(context, stop), record.Uuid, stop);
        if (context.Row.Disks.Root is not { } root)
            return null;
        var source = await SourceAsync(context, stop);
        var marks = (await context.Pool.CallAsync(Vdi.GetRecord(source), stop)).OtherConfig;
        if (!marks.TryGetValue(TakenFor, out var mark) || !long.TryParse(mark, NumberStyles.None, CultureInfo.InvariantCulture, out var intent))
            return null;
        var named = await context.Pool.CallAsync(Vdi.GetAllRecordsWhere(XenWhere.FieldIs("name__label", Marks.NameOf(context.Row.Id))), stop);
        var born = named.Where(d => d.Value is { IsASnapshot: true, Managed: true } && d.Value.OtherConfig.GetValueOrDefault(TakenFor) == mark
            && d.Value.OtherConfig.GetValueOrDefault(Marks.Self) == root.ToString("D")).ToList();
        return born is [var only] ? await StampAsync(context, source, only, intent, stop) : null;
    }

    private static async Task MarkAsync(StepContext context, XenRef<Vdi> source, CancellationToken stop)
    {
        var intent = context.Row.WorkingIntent.ToString(CultureInfo.InvariantCulture);
        try
        {
            await context.Pool.CallAsync(Vdi.AddToOtherConfig(source, TakenFor, intent), stop);
        }
        catch (XenApiFailure marked) when (marked.Code == "MAP_DUPLICATE_KEY")
        {
            // Of an earlier try, or of an earlier intent whose unmarking was lost.
            if ((await context.Pool.CallAsync(Vdi.GetRecord(source), stop)).OtherConfig.GetValueOrDefault(TakenFor) == intent)
                return;
            await context.Pool.CallAsync(Vdi.RemoveFromOtherConfig(source, TakenFor), stop);
            await context.Pool.CallAsync(Vdi.AddToOtherConfig(source, TakenFor, intent), stop);
        }
    }

    private static async Task<StepOutcome.Done> StampAsync(
        StepContext context, XenRef<Vdi> source, KeyValuePair<XenRef<Vdi>, Vdi> snapshot, long intent, CancellationToken stop)
    {
        await context.Pool.CallAsync(
            Vdi.SetOtherConfig(snapshot.Key, Marks.OfDisk(context.Row.Stamp, snapshot.Value.Uuid, DiskRole.Snapshot, intent)), stop);
        return await MadeAsync(context, source, snapshot.Value.Uuid, stop);
    }

    private static async Task<StepOutcome.Done> MadeAsync(StepContext context, XenRef<Vdi> source, Guid snapshot, CancellationToken stop)
    {
        await context.Pool.CallAsync(Vdi.RemoveFromOtherConfig(source, TakenFor), stop);
        return new StepOutcome.Done(Disks: context.Row.Disks.With(DiskRole.Snapshot, snapshot));
    }

    private static Task<XenRef<Vdi>> SourceAsync(StepContext context, CancellationToken stop) => context.Pool.RefAsync(
        Vdi.GetByUuid(context.Row.Disks.Root ?? throw new InvalidOperationException($"Instance {context.Row.Id} has no disk.")), stop);
}
