using Cells.Contracts;

namespace Cells.Host.Clients;

/// <summary>What was said about which tree is meant; null is "not said".</summary>
/// <param name="Url">Where the tree's door is, such as <c>http://127.0.0.1:8774</c>.</param>
/// <param name="Data">Data directory of `cells up` or `cells run`.</param>
internal sealed record EntryWords(string? Url, string? Data)
{
    /// <summary>
    /// What was said wins: --url, then --data. Only then the OS_* variables count, and last the default directory. A --url takes its user from the
    /// named directory, else from the variables, else from the default directory.
    /// </summary>
    /// <exception cref="CellsException">What was named is not there, or nothing is.</exception>
    public OpenRc Resolve(Func<string, string?> environment, string defaultDirectory)
    {
        if (Url is not null)
            return Credentials(environment, defaultDirectory) with { AuthUrl = IdentityOf(Url), StartedBy = null };
        if (Data is not null)
            return OpenRc.Read(Data) ?? throw Nothing(Data);
        if (environment("OS_AUTH_URL") is { Length: > 0 })
            return OpenRc.Of(environment, "the environment");
        return OpenRc.Read(defaultDirectory) ?? throw new CellsException(
            $"No tree is known: OS_AUTH_URL is not set and {Path.Combine(defaultDirectory, "openrc")} is not there. Name a tree with --data or --url, or start one: `cells up` (simulated hosts), `cells run --config FILE` (real ones).");
    }

    private OpenRc Credentials(Func<string, string?> environment, string defaultDirectory)
    {
        if (Data is not null)
            return OpenRc.Read(Data) ?? throw Nothing(Data);
        if (environment("OS_USERNAME") is { Length: > 0 })
            return OpenRc.Of(name => name == "OS_AUTH_URL" ? Url : environment(name), "the environment");
        return OpenRc.Read(defaultDirectory) ?? throw new CellsException(
            $"--url {Url}: as whom? Set OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME, or name the tree's directory with --data.");
    }

    private static CellsException Nothing(string data)
    {
        if (!Directory.Exists(data))
            return new CellsException($"--data {data}: there is no such directory. Name the data directory of an API cell's process.");
        return new CellsException(StartWords.Of(data) is { } words
            ? $"--data {data}: it holds no openrc file. The process of it (`{words}`) has no API cell, or never came so far; name the directory of the API cell's process, or its address with --url."
            : $"--data {data}: no tree was ever started there, for it holds no openrc file. Start one with `cells up --data {data}`, or name another directory.");
    }

    /// <summary>The door's address, or the address of its identity service as OS_AUTH_URL has it.</summary>
    private static Uri IdentityOf(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var door) || door.Scheme is not ("http" or "https"))
            throw new CellsException($"--url '{url}' is not an address such as http://127.0.0.1:8774.");
        var path = door.AbsolutePath.TrimEnd('/');
        return path.EndsWith("/v3", StringComparison.Ordinal) ? door : new Uri($"{door.GetLeftPart(UriPartial.Authority)}{path}/identity/v3");
    }
}
