using System.Text.Json;
using System.Text.RegularExpressions;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>Flavors and their extra specs (Nova API 2.1).</summary>
internal sealed partial class NovaFlavors(FlavorStore store, ICommitter committer, TimeProvider time, IIdSource ids, HomeOptions options)
{
    public const int MaximumLimit = 1_000;

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, bool detail, CancellationToken stop)
    {
        var limit = query.Limit(MaximumLimit, out var problem);
        if (problem is not null)
            return ApiResult.BadRequest(problem);
        var order = FlavorOrder.Read(query, out problem);
        if (order is null)
            return ApiResult.BadRequest(problem!);
        var matching = order.Sort((await store.ListAsync(stop)).Where(flavor => Matches(caller, query, flavor))).ToList();
        if ((Number(query, "minRam", out problem), Number(query, "minDisk", out var other)) is var (minRam, minDisk) && (problem ?? other) is { } wrong)
            return ApiResult.BadRequest(wrong);
        matching = [.. matching.Where(flavor => flavor.Flavor.MemoryMib >= minRam && flavor.Flavor.DiskGib >= minDisk)];
        if (matching.Cut(flavor => flavor.Flavor.Id, query["marker"], limit) is not { } page)
            return Pages.NoMarker(query["marker"]);
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("flavors");
            foreach (var flavor in page.Items)
                Write(w, flavor, detail, caller.Version);
            w.WriteEndArray();
            NovaLinks.WriteNext(w, "flavors_links", options.BaseUrl, $"flavors{(detail ? "/detail" : "")}", query, page.Next);
            w.WriteEndObject();
        });
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop) =>
        await FindAsync(caller, id, stop) is { } flavor ? One(flavor, caller.Version) : NoSuchFlavor(id);

    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "flavor", asked => ReadFlavor(asked, caller.Version), out var flavor) is { } wrong)
            return wrong;
        return await committer.TakeAsync(new InsertFlavor(flavor)) is null
            ? One(flavor, caller.Version)
            : ApiResult.Conflict(await store.FindAsync(flavor.Flavor.Id, stop) is not null
                ? $"Flavor with ID {flavor.Flavor.Id} already exists." : $"Flavor with name {flavor.Flavor.Name} already exists.");
    }

    private StoredFlavor ReadFlavor(BodyObject asked, Microversion version)
    {
        var name = asked.Name("name");
        var id = asked.Any("id") is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : asked.OptionalText("id", minimum: 1);
        var flavor = new StoredFlavor(
            new Flavor(
                id is null or "auto" ? ids.NewGuid().ToString("D") : id, name,
                (int)Needed(asked, "vcpus", 1), Needed(asked, "ram", 1), Needed(asked, "disk", 0)),
            asked.Number("rxtx_factor") ?? 1.0,
            asked.Boolean("os-flavor-access:is_public") ?? true,
            new SortedDictionary<string, string>(StringComparer.Ordinal), time.GetUtcNow(), ids.NewGuid(),
            version.Has(55) ? ReadDescription(asked) : null);
        foreach (var absent in new[] { "swap", "OS-FLV-EXT-DATA:ephemeral" })
        {
            if (asked.Integer(absent, 0, int.MaxValue) is > 0)
                asked.Problem.Note($"flavor.{absent}", "This cloud gives servers one disk; only 0 is possible here.");
        }
        if (!FlavorId().IsMatch(flavor.Flavor.Id))
            asked.Problem.Note("flavor.id", $"Value: {id}. It may have letters, digits, '.', '_', '-' and spaces inside.");
        return flavor;
    }

    /// <summary>A flavor's description, which is all of it that may be said anew; from 2.55.</summary>
    public async Task<ApiResult> UpdateAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "flavor", asked => asked.Has("description") ? ReadDescription(asked) : asked.Needed<string>("description", null), out var description) is { } wrong)
            return wrong;
        return await committer.TakeAsync(new DescribeFlavor(id, description)) is null ? await ShowAsync(caller, id, stop) : NoSuchFlavor(id);
    }

    /// <summary>202. Servers keep what they ordered.</summary>
    public Task<ApiResult> DeleteAsync(string id) => TakeAsync(new DeleteFlavor(id), id, () => ApiResult.Empty(202));

    public async Task<ApiResult> ShowSpecsAsync(RequestContext caller, string id, string? key, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } flavor)
            return NoSuchFlavor(id);
        if (key is null)
            return ApiResult.Ok(w => WriteSpecs(w, flavor.ExtraSpecs));
        return flavor.ExtraSpecs.TryGetValue(key, out var value) ? ApiResult.Ok(w => WriteSpec(w, key, value)) : NoSuchSpec(id, key);
    }

    public async Task<ApiResult> AddSpecsAsync(string id, JsonElement body) =>
        BodyObject.Read(body, root => root.Needed("extra_specs", root.Strings("extra_specs")), out var specs)
        ?? await TakeAsync(new ChangeExtraSpecs(id, specs!, null, ids.NewGuid()), id, () => ApiResult.Ok(w => WriteSpecs(w, specs!)));

    public async Task<ApiResult> SetSpecAsync(string id, string key, JsonElement body) =>
        BodyObject.Read(body, root => root.Text(key, minimum: 0), out var value)
        ?? await TakeAsync(
            new ChangeExtraSpecs(id, new SortedDictionary<string, string> { [key] = value }, null, ids.NewGuid()), id, () => ApiResult.Ok(w => WriteSpec(w, key, value)));

    public async Task<ApiResult> RemoveSpecAsync(string id, string key, CancellationToken stop)
    {
        if (await store.FindAsync(id, stop) is not { } flavor)
            return NoSuchFlavor(id);
        return flavor.ExtraSpecs.ContainsKey(key)
            ? await TakeAsync(new ChangeExtraSpecs(id, new SortedDictionary<string, string>(), key, ids.NewGuid()), id, () => ApiResult.Empty(200))
            : NoSuchSpec(id, key);
    }

    private async Task<ApiResult> TakeAsync(IWrite change, string id, Func<ApiResult> done)
    {
        var missed = await committer.TakeAsync(change);
        store.Forget(id);
        return missed is null ? done() : NoSuchFlavor(id);
    }

    private static string? ReadDescription(BodyObject asked) => asked.OptionalText("description", maximum: 65_535);

    private async Task<StoredFlavor?> FindAsync(RequestContext caller, string id, CancellationToken stop) =>
        await store.FindAsync(id, stop) is { } flavor && flavor.IsOpenTo(caller) ? flavor : null;

    private static bool Matches(RequestContext caller, Query query, StoredFlavor flavor) =>
        !caller.IsAdmin ? flavor.IsOpenTo(caller)
        : query["is_public"] is not { } word ? flavor.IsPublic
        : BodyObject.BooleanWord(word) is not { } isPublic || flavor.IsPublic == isPublic;      // "None": both

    private static long Number(Query query, string name, out string? problem)
    {
        problem = null;
        if (query[name] is not { } text)
            return 0;
        if (!long.TryParse(text, out var number))
            problem = $"Invalid {name} filter [{text}]";
        return number;
    }

    private static long Needed(BodyObject asked, string name, long minimum)
    {
        if (!asked.Has(name))
            asked.Problem.Note($"flavor.{name}", $"'{name}' is a required property");
        return asked.Integer(name, minimum, int.MaxValue) ?? 0;
    }

    private ApiResult One(StoredFlavor flavor, Microversion version) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WritePropertyName("flavor");
        Write(w, flavor, detail: true, version);
        w.WriteEndObject();
    });

    private void Write(Utf8JsonWriter w, StoredFlavor flavor, bool detail, Microversion version)
    {
        w.WriteStartObject();
        w.WriteString("id", flavor.Flavor.Id);
        w.WriteString("name", flavor.Flavor.Name);
        if (detail)
        {
            w.WriteNumber("ram", flavor.Flavor.MemoryMib);
            w.WriteNumber("disk", flavor.Flavor.DiskGib);
            if (version.Has(75))
                w.WriteNumber("swap", 0);
            else
                w.WriteString("swap", "");
            w.WriteNumber("OS-FLV-EXT-DATA:ephemeral", 0);
            w.WriteBoolean("OS-FLV-DISABLED:disabled", false);
            w.WriteNumber("vcpus", flavor.Flavor.Vcpus);
            w.WriteBoolean("os-flavor-access:is_public", flavor.IsPublic);
            w.WriteNumber("rxtx_factor", flavor.RxtxFactor);
        }
        if (version.Has(55))
            w.WriteString("description", flavor.Description);
        if (detail && version.Has(61))
            WriteSpecsOf(w, flavor.ExtraSpecs);
        NovaLinks.WriteBoth(w, options.BaseUrl, $"flavors/{Uri.EscapeDataString(flavor.Flavor.Id)}");
        w.WriteEndObject();
    }

    private static void WriteSpecs(Utf8JsonWriter w, IReadOnlyDictionary<string, string> specs)
    {
        w.WriteStartObject();
        WriteSpecsOf(w, specs);
        w.WriteEndObject();
    }

    private static void WriteSpecsOf(Utf8JsonWriter w, IReadOnlyDictionary<string, string> specs)
    {
        w.WriteStartObject("extra_specs");
        foreach (var (key, value) in specs)
            w.WriteString(key, value);
        w.WriteEndObject();
    }

    private static void WriteSpec(Utf8JsonWriter w, string key, string value)
    {
        w.WriteStartObject();
        w.WriteString(key, value);
        w.WriteEndObject();
    }

    internal static ApiResult NoSuchFlavor(string id) => ApiResult.NotFound($"Flavor {id} could not be found.");
    private static ApiResult NoSuchSpec(string id, string key) => ApiResult.NotFound($"Flavor {id} has no extra specs with key {key}.");

    [GeneratedRegex(@"^(?! )[a-zA-Z0-9. _-]{1,255}(?<! )$")]
    private static partial Regex FlavorId();
}
