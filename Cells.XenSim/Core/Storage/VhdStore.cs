using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Storage;

/// <summary>Disks of a VHD repository: creating, chaining, copying, destroying, and the collector of unused base copies.</summary>
internal static class VhdStore
{
    private const int LongestChain = 30;
    private const string Parent = "vhd-parent";

    public static SimObject Create(SimPool pool, SimObject sr, long requestedSize, Action<Dictionary<string, object>> describe)
    {
        var size = VhdSize.Virtual(requestedSize);
        SrMethods.CheckUsable(pool, sr, VhdSize.OnDisk(size, 0));
        var values = new Dictionary<string, object>(StringComparer.Ordinal) { ["type"] = "user" };
        describe(values);
        var fields = PublishedModel.Class("VDI").Fields.Select(f => f.Default).ToArray();
        foreach (var (field, value) in values) fields[PublishedModel.Class("VDI").Field(field).Index] = value;
        return Add(pool, sr, size, fields, DiskContent.Blank);
    }

    /// <summary>
    /// Splits the leaf: its data becomes a hidden base copy with two children, the leaf and the new disk. A leaf that has
    /// written nothing since its own split gets a sibling instead, so clones of one image do not lengthen its chain.
    /// </summary>
    public static SimObject Clone(SimPool pool, SimObject leaf, bool asSnapshot)
    {
        var database = pool.Database;
        var sr = database.Get("SR", leaf.Text("SR"));
        var content = leaf.Disk ?? DiskContent.Blank;
        var parent = leaf.Map("sm_config")[Parent];
        SrMethods.CheckUsable(pool, sr, 2 * VhdSize.OnDisk(leaf.Int("virtual_size"), 0));
        if (parent is null || content.AllocatedBytes > 0)
        {
            if (ChainLength(database, leaf) >= LongestChain)
                throw new XapiFailure("SR_BACKEND_FAILURE_109", "", "The snapshot chain is too long", "");
            var values = leaf.CopyValues();
            Set(values, "uuid", "");
            Set(values, "name_label", "base copy");
            Set(values, "name_description", "");
            Set(values, "managed", Boxed.False);
            Set(values, "read_only", Boxed.True);
            Set(values, "is_a_snapshot", Boxed.False);
            Set(values, "snapshot_of", Refs.Null);
            Set(values, "other_config", StringMap.Empty);
            Set(values, "tags", Array.Empty<string>());
            Set(values, "current_operations", StringMap.Empty);
            parent = Add(pool, sr, leaf.Int("virtual_size"), values, content).Uuid;
            database.SetDisk(leaf, content with { AllocatedBytes = 0 });
            leaf.Put("sm_config", leaf.Map("sm_config").With(Parent, parent));
            leaf.Put("physical_utilisation", VhdSize.OnDisk(leaf.Int("virtual_size"), 0));
        }
        var made = leaf.CopyValues();
        Set(made, "uuid", "");
        Set(made, "current_operations", StringMap.Empty);
        Set(made, "sm_config", StringMap.Of((Parent, parent)));
        Set(made, "is_a_snapshot", Boxed.Bool(asSnapshot));
        Set(made, "snapshot_of", asSnapshot ? leaf.Ref : Refs.Null);
        Set(made, "snapshot_time", asSnapshot ? XapiTime.Of(pool.Now) : XapiTime.Never);
        var clone = Add(pool, sr, leaf.Int("virtual_size"), made, content with { AllocatedBytes = 0 });
        AllowedOperations.Refresh(pool, leaf);
        return clone;
    }

    /// <summary>A full copy, all data of the chain in one file.</summary>
    public static SimObject Copy(SimPool pool, SimObject source, SimObject sr)
    {
        var data = ChainData(pool.Database, source);
        SrMethods.CheckUsable(pool, sr, VhdSize.OnDisk(source.Int("virtual_size"), data));
        var values = source.CopyValues();
        Set(values, "uuid", "");
        Set(values, "sm_config", StringMap.Empty);
        Set(values, "current_operations", StringMap.Empty);
        Set(values, "is_a_snapshot", Boxed.False);
        Set(values, "snapshot_of", Refs.Null);
        return Add(pool, sr, source.Int("virtual_size"), values, (source.Disk ?? DiskContent.Blank) with { AllocatedBytes = data });
    }

    /// <summary>Copies the data into an existing disk of at least the same size.</summary>
    public static void CopyInto(SimPool pool, SimObject source, SimObject target)
    {
        if (target.Int("virtual_size") < source.Int("virtual_size"))
            throw new XapiFailure("VDI_TOO_SMALL", target.Ref, source.Text("uuid"));
        var data = ChainData(pool.Database, source);
        Write(pool, target, (source.Disk ?? DiskContent.Blank) with { AllocatedBytes = data });
    }

    /// <summary>New data on a disk replaces what lay there; the repository must have room for it.</summary>
    public static void Write(SimPool pool, SimObject vdi, DiskContent content)
    {
        var sr = pool.Database.Get("SR", vdi.Text("SR"));
        SrMethods.CheckUsable(pool, sr, VhdSize.OnDisk(vdi.Int("virtual_size"), content.AllocatedBytes) - vdi.Int("physical_utilisation"));
        pool.Database.SetDisk(vdi, content);
        vdi.Put("physical_utilisation", VhdSize.OnDisk(vdi.Int("virtual_size"), content.AllocatedBytes));
        SrMethods.Measure(pool.Database, sr);
    }

    public static void Resize(SimPool pool, SimObject vdi, long requested)
    {
        var size = VhdSize.Virtual(requested);
        if (size < vdi.Int("virtual_size"))
            throw new XapiFailure("SR_BACKEND_FAILURE_79", "", "VDI Invalid size [opterr=shrinking not allowed]", "");
        vdi.Put("virtual_size", size);
        vdi.Put("physical_utilisation", VhdSize.OnDisk(size, (vdi.Disk ?? DiskContent.Blank).AllocatedBytes));
        SrMethods.Measure(pool.Database, pool.Database.Get("SR", vdi.Text("SR")));
    }

    /// <summary>Removes the disk and its VBDs and kicks the collector.</summary>
    public static void Destroy(SimPool pool, SimObject vdi)
    {
        var database = pool.Database;
        var sr = database.Get("SR", vdi.Text("SR"));
        foreach (var vbd in vdi.Set("VBDs"))
            if (database.Find("VBD", vbd) is { } device) database.Delete(device);
        var chained = vdi.Map("sm_config").Has(Parent);
        database.Delete(vdi);
        SrMethods.Measure(database, sr);
        if (chained) pool.After(pool.Options.StorageCollectorPause, () => Collect(pool, sr));
    }

    /// <summary>Deletes hidden disks without children, upward along the chain.</summary>
    private static void Collect(SimPool pool, SimObject sr)
    {
        var database = pool.Database;
        var removed = false;
        while (true)
        {
            var disks = sr.Set("VDIs").Select(r => database.Find("VDI", r)).OfType<SimObject>().ToList();
            var parents = disks.Select(d => d.Map("sm_config")[Parent]).ToHashSet(StringComparer.Ordinal);
            var unused = disks.Where(d => !d.Flag("managed") && !parents.Contains(d.Uuid)).ToList();
            if (unused.Count == 0) break;
            foreach (var disk in unused) database.Delete(disk);
            removed = true;
        }
        if (removed) SrMethods.Measure(database, sr);
    }

    private static SimObject Add(SimPool pool, SimObject sr, long size, object?[] values, DiskContent content)
    {
        Set(values, "uuid", pool.Database.Ids.NextUuid());
        Set(values, "location", values[PublishedModel.Class("VDI").Field("uuid").Index]!);
        Set(values, "SR", sr.Ref);
        Set(values, "virtual_size", Boxed.Int(size));
        Set(values, "physical_utilisation", Boxed.Int(VhdSize.OnDisk(size, content.AllocatedBytes)));
        Set(values, "VBDs", Array.Empty<string>());
        Set(values, "snapshots", Array.Empty<string>());
        if ((string)values[PublishedModel.Class("VDI").Field("name_label").Index]! != "base copy") Set(values, "managed", Boxed.True);
        var vdi = pool.Database.Create(PublishedModel.Class("VDI"), values);
        pool.Database.SetDisk(vdi, content);
        AllowedOperations.Refresh(pool, vdi);
        SrMethods.Measure(pool.Database, sr);
        return vdi;
    }

    private static int ChainLength(Database database, SimObject leaf) => Chain(database, leaf).Count();

    private static long ChainData(Database database, SimObject leaf) =>
        Math.Min(leaf.Int("virtual_size"), Chain(database, leaf).Sum(d => (d.Disk ?? DiskContent.Blank).AllocatedBytes));

    private static IEnumerable<SimObject> Chain(Database database, SimObject leaf)
    {
        for (var at = leaf; at is not null; at = at.Map("sm_config")[Parent] is { } uuid ? database.FindByUuid("VDI", uuid) : null)
            yield return at;
    }

    private static void Set(object?[] values, string field, object value) => values[PublishedModel.Class("VDI").Field(field).Index] = value;
}
