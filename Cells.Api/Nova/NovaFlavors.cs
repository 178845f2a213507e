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
        if (query["marker"] is { } marker)
        {
            var at = matching.FindIndex(flavor => flavor.Flavor.Id == marker);
            if (at < 0)
                return ApiResult.BadRequest($"marker [{marker}] not found");
            matching.RemoveRange(0, at + 1);
        }
        var page = matching.Take(limit).ToList();
        var next = page.Count > 0 && page.Count == limit
            ? $"{options.BaseUrl}/compute/v2.1/flavors{(detail ? "/detail" : "")}?{query.With("marker", page[^1].Flavor.Id)}" : null;
        return ApiResult.Ok(w => WriteList(w, page, detail, caller.Version, next));
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop) =>
        await FindAsync(caller, id, stop) is { } flavor ? One(flavor, caller.Version) : NoSuchFlavor(id);

    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        if (!caller.IsAdmin)
            return NotAllowed("os-flavor-manage:create");
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var asked = root.Object("flavor");
        var name = asked.Text("name");
        var id = asked.Any("id") is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : asked.OptionalText("id", minimum: 1);
        var flavor = new StoredFlavor(
            new Flavor(
                id is null or "auto" ? ids.NewGuid().ToString("D") : id, name,
                (int)Needed(asked, "vcpus", 1), Needed(asked, "ram", 1), Needed(asked, "disk", 0)),
            asked.Number("rxtx_factor") ?? 1.0,
            asked.Boolean("os-flavor-access:is_public") ?? true,
            new SortedDictionary<string, string>(StringComparer.Ordinal), time.GetUtcNow(), ids.NewGuid(),
            caller.Version.Has(55) ? ReadDescription(asked) : null);
        foreach (var absent in new[] { "swap", "OS-FLV-EXT-DATA:ephemeral" })
        {
            if (asked.Integer(absent, 0, int.MaxValue) is > 0)
                problem.Note($"flavor.{absent}", "This cloud gives servers one disk; only 0 is possible here.");
        }
        asked.Close();
        root.Close();
        if (!FlavorId().IsMatch(flavor.Flavor.Id))
            problem.Note("flavor.id", $"Value: {id}. It may have letters, digits, '.', '_', '-' and spaces inside.");
        if (name.Trim() != name || name.Any(char.IsControl))
            problem.Note("flavor.name", "It may not begin or end with a space, nor have control characters.");
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);
        return await committer.CommitAsync(new Change(new InsertFlavor(flavor))) switch
        {
            CommitOutcome.Missed => ApiResult.Conflict(await store.FindAsync(flavor.Flavor.Id, stop) is not null
                ? $"Flavor with ID {flavor.Flavor.Id} already exists." : $"Flavor with name {name} already exists."),
            CommitOutcome.Unavailable lost => Unavailable.Result(lost),
            _ => One(flavor, caller.Version),
        };
    }

    /// <summary>A flavor's description, which is all of it that may be said anew; from 2.55.</summary>
    public async Task<ApiResult> UpdateAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        if (!caller.IsAdmin)
            return NotAllowed("os-flavor-manage:update");
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var asked = root.Object("flavor");
        if (!asked.Has("description"))
            problem.Note("flavor.description", "'description' is a required property");
        var description = ReadDescription(asked);
        asked.Close();
        root.Close();
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);
        return await committer.CommitAsync(new Change(new DescribeFlavor(id, description))) switch
        {
            CommitOutcome.Missed => NoSuchFlavor(id),
            CommitOutcome.Unavailable lost => Unavailable.Result(lost),
            _ => await ShowAsync(caller, id, stop),
        };
    }

    /// <summary>202. Servers keep what they ordered.</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (!caller.IsAdmin)
            return NotAllowed("os-flavor-manage:delete");
        var outcome = await committer.CommitAsync(new Change(new DeleteFlavor(id)));
        store.Forget(id);
        return outcome switch
        {
            CommitOutcome.Missed => NoSuchFlavor(id),
            CommitOutcome.Unavailable lost => Unavailable.Result(lost),
            _ => ApiResult.Empty(202),
        };
    }

    public async Task<ApiResult> ShowSpecsAsync(RequestContext caller, string id, string? key, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } flavor)
            return NoSuchFlavor(id);
        if (key is null)
            return ApiResult.Ok(w => WriteSpecs(w, flavor.ExtraSpecs));
        return flavor.ExtraSpecs.TryGetValue(key, out var value) ? ApiResult.Ok(w => WriteSpec(w, key, value)) : NoSuchSpec(id, key);
    }

    public Task<ApiResult> AddSpecsAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var specs = root.Strings("extra_specs");
        root.Close();
        if (specs is null)
            problem.Note("extra_specs", "'extra_specs' is a required property");
        return ChangeSpecsAsync(caller, "create", new ChangeExtraSpecs(id, specs ?? new SortedDictionary<string, string>(), null, ids.NewGuid()), problem,
            () => ApiResult.Ok(w => WriteSpecs(w, specs!)));
    }

    public Task<ApiResult> SetSpecAsync(RequestContext caller, string id, string key, JsonElement body, CancellationToken stop)
    {
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var value = root.Text(key, minimum: 0);
        root.Close();
        return ChangeSpecsAsync(caller, "update", new ChangeExtraSpecs(id, new SortedDictionary<string, string> { [key] = value }, null, ids.NewGuid()), problem,
            () => ApiResult.Ok(w => WriteSpec(w, key, value)));
    }

    public async Task<ApiResult> RemoveSpecAsync(RequestContext caller, string id, string key, CancellationToken stop)
    {
        if (!caller.IsAdmin)
            return NotAllowed("os-flavor-extra-specs:delete");
        if (await store.FindAsync(id, stop) is not { } flavor)
            return NoSuchFlavor(id);
        return flavor.ExtraSpecs.ContainsKey(key)
            ? await ChangeSpecsAsync(caller, "delete", new ChangeExtraSpecs(id, new SortedDictionary<string, string>(), key, ids.NewGuid()), new Problem(), () => ApiResult.Empty(200))
            : NoSuchSpec(id, key);
    }

    private async Task<ApiResult> ChangeSpecsAsync(RequestContext caller, string action, ChangeExtraSpecs change, Problem problem, Func<ApiResult> done)
    {
        if (!caller.IsAdmin)
            return NotAllowed($"os-flavor-extra-specs:{action}");
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);
        var outcome = await committer.CommitAsync(new Change(change));
        store.Forget(change.Id);
        return outcome switch
        {
            CommitOutcome.Missed => NoSuchFlavor(change.Id),
            CommitOutcome.Unavailable lost => Unavailable.Result(lost),
            _ => done(),
        };
    }

    private static string? ReadDescription(BodyObject asked) => asked.OptionalText("description", maximum: 65_535);

    private async Task<StoredFlavor?> FindAsync(RequestContext caller, string id, CancellationToken stop) =>
        await store.FindAsync(id, stop) is { } flavor && (flavor.IsPublic || caller.IsAdmin) ? flavor : null;

    private static bool Matches(RequestContext caller, Query query, StoredFlavor flavor) =>
        !caller.IsAdmin ? flavor.IsPublic
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

    private void WriteList(Utf8JsonWriter w, IReadOnlyList<StoredFlavor> flavors, bool detail, Microversion version, string? next)
    {
        w.WriteStartObject();
        w.WriteStartArray("flavors");
        foreach (var flavor in flavors)
            Write(w, flavor, detail, version);
        w.WriteEndArray();
        if (next is not null)
            NovaLinks.WriteNext(w, "flavors_links", next);
        w.WriteEndObject();
    }

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

    private static ApiResult NoSuchFlavor(string id) => ApiResult.NotFound($"Flavor {id} could not be found.");
    private static ApiResult NoSuchSpec(string id, string key) => ApiResult.NotFound($"Flavor {id} has no extra specs with key {key}.");
    private static ApiResult NotAllowed(string action) => ApiResult.Forbidden($"Policy doesn't allow os_compute_api:{action} to be performed.");

    [GeneratedRegex(@"^(?! )[a-zA-Z0-9. _-]{1,255}(?<! )$")]
    private static partial Regex FlavorId();
}
