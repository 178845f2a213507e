using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>
/// What a pool has of an instance, found by name or by the uuid that its row names, proved by stamp, and how it is removed. Only for rows whose wish is durable: a build being
/// undone, or a delete. Removing what is gone already is done.
/// </summary>
internal static class ObjectsOf
{
    public static async Task<IReadOnlyList<KeyValuePair<XenRef<Vm>, Vm>>> VmsAsync(StepContext context, CancellationToken stop)
    {
        var named = await context.Pool.CallAsync(Vm.GetAllRecordsWhere(XenWhere.FieldIs("name__label", Marks.NameOf(context.Row.Id))), stop);
        var all = context.Row.Vm is { } own && named.All(vm => vm.Value.Uuid != own) ? [.. named, .. await RenamedAsync(context, Vm.GetByUuid(own), Vm.GetRecord, stop)] : named;
        return [.. all.Where(vm => vm.Value is { IsASnapshot: false, IsATemplate: false } && IsOurs(context.Row, vm.Value.Uuid, vm.Value.OtherConfig)).OrderBy(vm => vm.Value.Uuid)];
    }

    /// <summary>Of every role. A clone keeps its image's name until its stamp is whole, so both names are looked under.</summary>
    public static async Task<IReadOnlyList<KeyValuePair<XenRef<Vdi>, Vdi>>> DisksAsync(StepContext context, CancellationToken stop)
    {
        var disks = new List<KeyValuePair<XenRef<Vdi>, Vdi>>(
            await context.Pool.CallAsync(Vdi.GetAllRecordsWhere(XenWhere.FieldIs("name__label", Marks.NameOf(context.Row.Id))), stop));
        foreach (var image in ImagesOf(context.Row))
            disks.AddRange(await NamedAsImageAsync(context, image, stop));
        foreach (var own in context.Row.Disks.Named.Where(own => disks.All(d => d.Value.Uuid != own)).ToList())
            disks.AddRange(await RenamedAsync(context, Vdi.GetByUuid(own), Vdi.GetRecord, stop));
        return [.. disks.Where(d => Marks.IsOwnDisk(d.Value) && IsOurs(context.Row, d.Value.Uuid, d.Value.OtherConfig)).OrderBy(d => d.Value.Uuid)];
    }

    /// <summary>What its disks are, or are being, cloned from: the image it was built of, and that of the action under way.</summary>
    private static IEnumerable<ImageId> ImagesOf(Instance row) =>
        new[] { row.Command?.Image.Id, row.Actions.Current?.Image?.Id }.OfType<ImageId>().Distinct();

    /// <summary>The cached image on the row's SR, its unfinished clones, and those stamped but not renamed yet.</summary>
    public static async Task<IReadOnlyList<KeyValuePair<XenRef<Vdi>, Vdi>>> NamedAsImageAsync(StepContext context, ImageId image, CancellationToken stop)
    {
        var named = await context.Pool.CallAsync(Vdi.GetAllRecordsWhere(XenWhere.FieldIs("name__label", Marks.NameOf(image))), stop);
        return [.. named.Where(d => d.Value.Sr == context.Sr && d.Value.Managed && !d.Value.IsASnapshot).OrderBy(d => d.Value.Uuid)];
    }

    /// <summary>Names are for people, who change them: what the row names by uuid is the instance's under any name. Nothing when it is not there.</summary>
    private static async Task<IReadOnlyList<KeyValuePair<XenRef<T>, T>>> RenamedAsync<T>(
        StepContext context, XenRequest<XenRef<T>> find, Func<XenRef<T>, XenRequest<T>> read, CancellationToken stop)
    {
        try
        {
            var found = await context.Pool.CallAsync(find, stop);
            return [new(found, await context.Pool.CallAsync(read(found), stop))];
        }
        catch (XenApiFailure gone) when (gone.Code is "UUID_INVALID" or "HANDLE_INVALID")
        {
            return [];
        }
    }

    public static async Task StopVmsAsync(StepContext context, CancellationToken stop)
    {
        foreach (var (vm, record) in await VmsAsync(context, stop))
            if (record.PowerState != VmPowerState.Halted)
                await UnlessAsync("VM_BAD_POWER_STATE", context.Pool.RunTaskAsync(Vm.HardShutdown(vm), stop));
    }

    /// <remarks>A VM that runs (again) is stopped first: its power state is the host's to say, not a step's.</remarks>
    public static async Task DestroyVmsAsync(StepContext context, CancellationToken stop)
    {
        await StopVmsAsync(context, stop);
        foreach (var (vm, _) in await VmsAsync(context, stop))
            await UnlessAsync("HANDLE_INVALID", context.Pool.CallAsync(Vm.Destroy(vm), stop));
    }

    public static async Task DestroyDisksAsync(StepContext context, CancellationToken stop)
    {
        foreach (var (disk, _) in await DisksAsync(context, stop))
            await UnlessAsync("HANDLE_INVALID", context.Pool.CallAsync(Vdi.Destroy(disk), stop));
    }

    /// <summary>
    /// The disks of one role: what the row names so, and what calls itself so without the row's naming it otherwise. A clone whose stamping was
    /// interrupted has no role yet: it goes with them.
    /// </summary>
    public static async Task DestroyDisksAsync(StepContext context, DiskRole role, CancellationToken stop)
    {
        foreach (var (disk, record) in await DisksAsync(context, stop))
            if (record.Uuid == context.Row.Disks[role] || (!context.Row.Disks.Names(record.Uuid) && (Marks.RoleOf(record.OtherConfig) == role || Marks.Read(record.OtherConfig) is null)))
                await UnlessAsync("HANDLE_INVALID", context.Pool.CallAsync(Vdi.Destroy(disk), stop));
    }

    /// <summary>
    /// Of this instance, made under this or an earlier assignment: a later one's objects are not this row's to touch, nor are copies and snapshots that
    /// somebody made of the instance's, whatever their names. A clone whose stamping was interrupted has only the first key, which this row's attempt or
    /// an earlier one set.
    /// </summary>
    private static bool IsOurs(Instance row, Guid uuid, IReadOnlyDictionary<string, string> otherConfig) =>
        Marks.InstanceOf(otherConfig) == row.Id && !Marks.IsCopy(uuid, otherConfig) && (Marks.Read(otherConfig)?.Epoch ?? 0) <= row.Epoch;

    /// <returns>What the host said where it would not, and goes on so; null when it did.</returns>
    public static async Task<string?> UnlessItWillNotAsync(Task call)
    {
        try
        {
            await call;
            return null;
        }
        catch (XenApiFailure no) when (no.Kind == FailureKind.Refuse || FailureKinds.MayLast(no.Code))
        {
            return no.Message;
        }
    }

    public static async Task UnlessAsync(string code, Task<XenVoid> call)
    {
        try
        {
            await call;
        }
        catch (XenApiFailure already) when (already.Code == code)
        {
            // What was wanted is so already: somebody else did it, or our own answer was lost.
        }
    }
}
