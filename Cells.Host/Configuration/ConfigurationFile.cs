using Cells.Contracts;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Cells.Host.Configuration;

/// <summary>
/// A YAML file read strictly: every key must be one we know, every value of the type we expect. Each error names file, line, key and the way out.
/// </summary>
internal sealed class ConfigurationFile
{
    private readonly string _path;

    private ConfigurationFile(string path, YamlMappingNode root) => (_path, Root) = (path, root);

    public YamlMappingNode Root { get; }

    /// <exception cref="CellsException">The file cannot be read, or is not a YAML mapping.</exception>
    public static ConfigurationFile Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            var yaml = new YamlStream();
            yaml.Load(reader);
            return yaml.Documents.Count == 1 && yaml.Documents[0].RootNode is YamlMappingNode root
                ? new ConfigurationFile(path, root)
                : throw new CellsException($"{path}: the file must hold one YAML mapping (lines of 'key: value').");
        }
        catch (IOException error)
        {
            throw new CellsException($"{path}: cannot be read ({error.Message}).", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CellsException($"{path}: cannot be read ({error.Message}).", error);
        }
        catch (YamlException error)
        {
            throw new CellsException($"{path}, line {error.Start.Line}: not valid YAML: {error.Message}", error);
        }
    }

    /// <exception cref="CellsException">The mapping has a key that is not in <paramref name="valid"/>.</exception>
    public void AllowOnly(YamlMappingNode node, string what, params string[] valid)
    {
        foreach (var (key, _) in node.Children)
        {
            var name = Text(key, what);
            if (!valid.Contains(name, StringComparer.Ordinal))
                throw Error(key, $"unknown key '{name}' in {what}. Nearest valid key: '{NearestKey.Of(name, valid)}'. Valid keys: {string.Join(", ", valid)}.");
        }
    }

    public static YamlNode? Find(YamlMappingNode node, string key) =>
        node.Children.FirstOrDefault(c => c.Key is YamlScalarNode { Value: { } name } && name == key).Value;

    public YamlNode Require(YamlMappingNode node, string key, string what) =>
        Find(node, key) ?? throw Error(node, $"key '{key}' is missing in {what}.");

    public string Text(YamlNode node, string what) => node is YamlScalarNode { Value: { Length: > 0 } value }
        ? value
        : throw Error(node, $"{what} must be a text.");

    public int Number(YamlNode node, string what, int least, int most) =>
        int.TryParse(Text(node, what), out var number) && number >= least && number <= most
            ? number
            : throw Error(node, $"{what} must be a whole number from {least} to {most}, not '{node}'.");

    public YamlMappingNode Mapping(YamlNode node, string what) => node as YamlMappingNode
        ?? throw Error(node, $"{what} must be a mapping (lines of 'key: value').");

    public IEnumerable<YamlNode> List(YamlNode node, string what) => node as YamlSequenceNode
        ?? throw Error(node, $"{what} must be a list (lines beginning with '- ').");

    public CellsException Error(YamlNode at, string message) => new($"{_path}, line {at.Start.Line}: {message}");
}
