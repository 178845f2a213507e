using Cells.Contracts;

namespace Cells.Host.Clients;

/// <summary>How to reach and enter a tree: what OpenStack's openrc files and OS_* variables say.</summary>
internal sealed record OpenRc(Uri AuthUrl, string User, string Password, string Project, string UserDomain, string ProjectDomain)
{
    /// <summary>The command that last started the tree whose directory was read; null when only its address is known.</summary>
    public string? StartedBy { get; init; }

    /// <summary>What to do when nobody answers, for people.</summary>
    public string WayBack => StartedBy is { } words
        ? $"Does its process run? It was started with `{words}`."
        : "Does the process of its API cell run there? `cells doctor --data DIR` on its machine tells.";

    private static readonly string[] Needed = ["OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME"];

    /// <summary>What the openrc file of a data directory says; null when it has none.</summary>
    /// <exception cref="CellsException">The file lacks something.</exception>
    public static OpenRc? Read(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, "openrc");
        if (!File.Exists(file))
            return null;
        try
        {
            var variables = Parse(File.ReadAllLines(file));
            return Of(name => variables.GetValueOrDefault(name), file) with { StartedBy = StartWords.Of(dataDirectory) };
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CellsException($"{file} cannot be read: {error.Message} It holds a password: only its owner may, so run as that user.", error);
        }
    }

    /// <summary>Lines of the form <c>export NAME='value'</c>.</summary>
    internal static Dictionary<string, string> Parse(IEnumerable<string> lines) => lines
        .Select(l => l.Trim()).Where(l => l.StartsWith("export ", StringComparison.Ordinal)).Select(l => l["export ".Length..].Split('=', 2))
        .Where(p => p.Length == 2).ToDictionary(p => p[0].Trim(), p => p[1].Trim().Trim('\'', '"'));

    public string ToFile() => $"""
        # Source this file, then use any OpenStack client: . openrc && openstack server list
        export OS_AUTH_URL='{AuthUrl}'
        export OS_USERNAME='{User}'
        export OS_PASSWORD='{Password}'
        export OS_PROJECT_NAME='{Project}'
        export OS_USER_DOMAIN_NAME='{UserDomain}'
        export OS_PROJECT_DOMAIN_NAME='{ProjectDomain}'
        export OS_IDENTITY_API_VERSION='3'
        export OS_IMAGE_API_VERSION='2'

        """;

    public string ToCloudsYaml() => $"""
        clouds:
          cells:
            auth:
              auth_url: '{AuthUrl}'
              username: '{User}'
              password: '{Password}'
              project_name: '{Project}'
              user_domain_name: '{UserDomain}'
              project_domain_name: '{ProjectDomain}'
            identity_api_version: 3
            image_api_version: 2

        """;

    public static OpenRc Of(Func<string, string?> variable, string source)
    {
        foreach (var name in Needed)
            if (string.IsNullOrEmpty(variable(name)))
                throw new CellsException($"{name} is not set in {source}: source the openrc file in the data directory of the tree (`cells up` and `cells run` write it).");
        return Uri.TryCreate(variable("OS_AUTH_URL"), UriKind.Absolute, out var url)
            ? new OpenRc(url, variable("OS_USERNAME")!, variable("OS_PASSWORD")!, variable("OS_PROJECT_NAME")!,
                variable("OS_USER_DOMAIN_NAME") ?? "Default", variable("OS_PROJECT_DOMAIN_NAME") ?? "Default")
            : throw new CellsException($"OS_AUTH_URL in {source} is not a URL: '{variable("OS_AUTH_URL")}'.");
    }
}
