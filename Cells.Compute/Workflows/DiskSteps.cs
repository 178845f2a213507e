using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.Reconciling;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>A disk made of an image: fetched once onto the SR, cloned, stamped with its role, grown to what the flavor says. The same for every role.</summary>
/// <param name="Role">What the disk is made for.</param>
/// <param name="ImageOf">What it is made of, given the row.</param>
internal sealed record DiskSteps(DiskRole Role, Func<Instance, ImageSpec> ImageOf)
{
    /// <summary>The instance's first disk.</summary>
    public static readonly DiskSteps Root = new(DiskRole.Root, row => row.Command!.Image);

    public async Task<StepOutcome> EnsureImageAsync(StepContext context, CancellationToken stop) => await ImageAsync(context, stop) switch
    {
        ImageAnswer.Ready => new StepOutcome.Done(),
        var not => NotThere(not),
    };

    public async Task<StepOutcome> CloneAsync(StepContext context, CancellationToken stop)
    {
        var image = await ImageAsync(context, stop);
        if (image is not ImageAnswer.Ready ready)
            return NotThere(image);
        try
        {
            var source = await context.Pool.RefAsync(Vdi.GetByUuid(ready.Vdi), stop);
            while (true)
            {
                // An SR that cannot clone quickly makes a full copy.
                var clone = await context.Pool.CallAsync(Vdi.CloneFrom(source) with { Timeout = TimeSpan.FromMinutes(30) }, stop);
                if (await StampAsync(context, clone, stop) is { } disk)
                    return Made(context, disk);
            }
        }
        catch (XenApiFailure gone) when (gone.Code is "UUID_INVALID" or "HANDLE_INVALID")
        {
            context.Images.Forget(ImageOf(context.Row).Id, context.Row.Place!.Sr, ready.Vdi);
            return new StepOutcome.Unknown($"the cached image {ready.Vdi} has vanished from the SR; it is fetched again");
        }
    }

    public async Task<ProbeAnswer> FindCloneAsync(StepContext context, CancellationToken stop)
    {
        if (await FindOwnDiskAsync(context, stop) is { } own)
            return new ProbeAnswer.Done(Made(context, own));
        var underWay = await Probing.UnderWayAsync(context, "VDI.clone", stop);
        // Read again: the clone may have ended between the first look and the look at the tasks.
        if (await FindOwnDiskAsync(context, stop) is { } ended)
            return new ProbeAnswer.Done(Made(context, ended));
        if (underWay is not null)
            return new ProbeAnswer.Unknown(underWay);
        // A clone that nobody has stamped may be ours: whoever stamps it first has it, and its maker, if it was another workflow, clones again.
        foreach (var (clone, record) in await ObjectsOf.NamedAsImageAsync(context, ImageOf(context.Row).Id, stop))
            if (UnfinishedClones.IsOne(record) && await StampAsync(context, clone, stop) is { } adopted)
                return new ProbeAnswer.Done(Made(context, adopted));
        return ProbeAnswer.NotDone.Instance;
    }

    /// <summary>
    /// A clone is as large as its image, and never made smaller. Growing it to what it has already is nothing; storage that rounds up further than VHDs do
    /// has it larger by then, and calls the same size too small.
    /// </summary>
    public async Task<StepOutcome> SizeAsync(StepContext context, CancellationToken stop)
    {
        var wanted = FetchImage.RoundedUp(context.Row.Command!.Flavor.DiskBytes);
        if (wanted <= FetchImage.RoundedUp(ImageOf(context.Row).SizeBytes))
            return new StepOutcome.Done();
        var disk = await context.Pool.RefAsync(Vdi.GetByUuid(context.Row.Disks[Role]!.Value), stop);
        try
        {
            await context.Pool.CallAsync(Vdi.Resize(disk, wanted) with { Timeout = TimeSpan.FromMinutes(10) }, stop);
        }
        catch (XenApiFailure refused) when (refused.Code == "SR_BACKEND_FAILURE_79")
        {
            if ((await context.Pool.CallAsync(Vdi.GetRecord(disk), stop)).VirtualSize < wanted)
                throw;
        }
        return new StepOutcome.Done();
    }

    /// <summary>The undo of <see cref="CloneAsync"/>.</summary>
    public Task DestroyAsync(StepContext context, CancellationToken stop) => ObjectsOf.DestroyDisksAsync(context, Role, stop);

    private StepOutcome.Done Made(StepContext context, Guid disk) => new(Disks: context.Row.Disks.With(Role, disk));

    /// <summary>A disk with this attempt's stamp, made for this; one whose stamping was interrupted is finished now.</summary>
    private async Task<Guid?> FindOwnDiskAsync(StepContext context, CancellationToken stop)
    {
        var image = ImageOf(context.Row).Id;
        foreach (var (disk, record) in await ObjectsOf.DisksAsync(context, stop))
        {
            if (record.NameLabel == Marks.NameOf(context.Row.Id) && Marks.Read(record.OtherConfig) == context.Row.Stamp && Marks.IsMadeFor(record.OtherConfig, Role, context.Row.WorkingIntent))
                return record.Uuid;
            // Its own name is given last: under its image's name an interrupted stamping shows itself, and by its marks that it is a clone of this image.
            if (record.NameLabel == Marks.NameOf(image) && IsInterrupted(context, record))
                return await StampAsync(context, disk, stop);
        }
        return null;
    }

    /// <summary>It has the first key only, or all of them and not the name yet.</summary>
    private bool IsInterrupted(StepContext context, Vdi record) => Marks.Read(record.OtherConfig) is not { } stamp
        || (stamp == context.Row.Stamp && Marks.IsMadeFor(record.OtherConfig, Role, context.Row.WorkingIntent));

    /// <summary>
    /// Makes a clone this attempt's. Adding the first key is the compare-and-set: it is refused when the key is there, so one clone has one owner.
    /// The name comes last: an object with an instance's name has its whole stamp.
    /// </summary>
    /// <returns>The disk's uuid, or null when another workflow was first.</returns>
    private async Task<Guid?> StampAsync(StepContext context, XenRef<Vdi> clone, CancellationToken stop)
    {
        try
        {
            await context.Pool.CallAsync(Vdi.AddToOtherConfig(clone, Marks.Instance, context.Row.Id.ToString()), stop);
        }
        catch (XenApiFailure taken) when (taken.Code == "MAP_DUPLICATE_KEY")
        {
            // Ours from an interrupted stamping, or another's: the record below tells.
        }
        var record = await context.Pool.CallAsync(Vdi.GetRecord(clone), stop);
        if (Marks.InstanceOf(record.OtherConfig) != context.Row.Id)
            return null;
        await context.Pool.CallAsync(Vdi.SetOtherConfig(clone, Marks.OfDisk(context.Row.Stamp, record.Uuid, Role, context.Row.WorkingIntent)), stop);
        await context.Pool.CallAsync(Vdi.SetNameLabel(clone, Marks.NameOf(context.Row.Id)), stop);
        context.Pool.Remember(Vdi.GetByUuid(record.Uuid), clone);
        return record.Uuid;
    }

    private static StepOutcome NotThere(ImageAnswer answer) => answer is ImageAnswer.Refused refused
        ? new StepOutcome.Refused(refused.Everywhere ? StepOutcome.ImageUnavailable : "sr_refused", refused.Reason)
        : new StepOutcome.Unknown(answer.Reason);

    private Task<ImageAnswer> ImageAsync(StepContext context, CancellationToken stop) =>
        context.Images.EnsureAsync(
            new EnsureImage(ImageOf(context.Row), context.Row.Place!.Sr, context.Sr, context.Row.Parent, context.Owner, context.Pool), stop);
}
