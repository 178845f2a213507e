using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Host.Commands.Nouns;

namespace Cells.Host.Commands.Doctor;

/// <summary>What a running tree says of itself: documents of the admin API.</summary>
/// <param name="ClockAhead">How far the door's wall clock is ahead of ours, give or take half the round trip.</param>
internal sealed record TreeFacts(
    JsonNode Health, JsonArray Cells, JsonArray Hosts, JsonArray Pools, JsonArray Links, JsonArray Parked, JsonArray Drift, JsonArray Overdue, TimeSpan ClockAhead, TimeSpan RoundTrip)
{
    public static async Task<TreeFacts> AskAsync(CloudClient cloud, TimeProvider time, CancellationToken stop)
    {
        var (asked, began) = (time.GetUtcNow(), time.GetTimestamp());
        var health = await cloud.GetAsync("cells", "/health", stop);
        var roundTrip = time.GetElapsedTime(began);
        // The door looked at its clock about half-way.
        var ahead = (DateTimeOffset)health["time"]! - (asked + (roundTrip / 2));
        return new TreeFacts(
            health, await ListAsync("/cells", "cells"), await ListAsync("/hosts", "hosts"), await ListAsync("/pools", "pools"), await ListAsync("/links", "links"),
            await ListAsync("/parked-messages", "parked_messages"), await ListAsync("/drift", "drift"), await ListAsync("/tasks", "tasks", ("overdue", "true")), ahead, roundTrip);

        async Task<JsonArray> ListAsync(string path, string key, params (string, string)[] query) =>
            (await Pages.ReadAsync(cloud, path, query, key, most: null, stop))[key]!.AsArray();
    }
}
