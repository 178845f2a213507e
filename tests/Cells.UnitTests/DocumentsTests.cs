using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Cells.Api;
using Cells.Api.Admin;
using Cells.Api.Http;
using Cells.Api.Identity;
using Cells.Api.Images;
using Cells.Api.Networks;
using Cells.Api.Nova;
using Cells.Compute;
using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Host.Commands;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.UnitTests;

/// <summary>The documents name only what is there, and leave out nothing that they promise to name.</summary>
public sealed partial class DocumentsTests
{
    private static IEnumerable<string> Documents =>
        Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "README.md"))
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Documents))]
    public void Every_relative_link_leads_to_something_that_exists(string document)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, document))!;

        var broken = Link().Matches(Read(document))
            .Select(link => link.Groups[1].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            .Where(target => !Path.Exists(Path.Combine(folder, target)));

        Assert.That(broken, Is.Empty, $"{document} links to what is not there");
    }

    [Test]
    public void Every_document_is_in_the_index_of_its_folder([Values("docs", "docs/adr")] string folder)
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.md").Select(path => Path.GetFileName(path)).Where(name => name != "README.md");

        var listed = Link().Matches(Read($"{folder}/README.md")).Select(link => link.Groups[1].Value);

        Assert.That(files.Except(listed).Order(StringComparer.Ordinal), Is.Empty, $"{folder}/README.md does not list them");
    }

    [TestCaseSource(nameof(Documents))]
    public void A_document_names_no_command_or_option_that_cells_does_not_have(string document)
    {
        Assert.That(Commands.UnknownIn(Read(document)), Is.Empty, document);
    }

    [TestCase("`cells dance`", ExpectedResult = 1)]
    [TestCase("`cells up --dance`", ExpectedResult = 1)]
    [TestCase("`cells tree dance`", ExpectedResult = 1)]
    [TestCase("`--dance`", ExpectedResult = 1)]
    [TestCase("```\n./cells test --dance  # not an option\n```", ExpectedResult = 1)]
    [TestCase("`cells up [--data DIR]`, `./cells explain -o json SERVER`, `--no-install`, `cells-instance`, `cells`", ExpectedResult = 0)]
    [TestCase("```\n./cells up --hosts=3   # three\nopenstack server list --long\n```", ExpectedResult = 0)]
    public int What_cells_does_not_have_is_found(string markdown) => Commands.UnknownIn(markdown).Count;

    [Test]
    public void Every_table_of_every_schema_is_in_the_storage_page()
    {
        var tables = from source in new[] { SqlSource.Messaging, ComputeCell.Sql, ApiHome.Sql }
                     from file in source.Files()
                     from Match table in Table().Matches(file.Text)
                     select table.Groups[1].Value;

        var storage = Read("docs/storage.md").Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|')[1]);

        Assert.That(tables.Where(table => !storage.Any(cell => cell.Contains($"`{table}`", StringComparison.Ordinal))), Is.Empty,
            "docs/storage.md: say who writes it, why, and what guards it");
    }

    [Test]
    public void Every_write_kind_is_in_the_storage_page_with_its_order()
    {
        var kinds = from assembly in new[] { typeof(IWrite).Assembly, typeof(ComputeCell).Assembly, typeof(ApiHome).Assembly }
                    from type in assembly.GetTypes()
                    where type.IsAssignableTo(typeof(IWrite)) && !type.IsAbstract
                    // A write's kind does not depend on its values, so one without any will do.
                    let kind = ((IWrite)RuntimeHelpers.GetUninitializedObject(type)).Kind
                    select $"{kind.Order} {kind.Name}";

        var described = KindRow().Matches(Read("docs/storage.md")).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value}");

        Assert.That(described, Is.EquivalentTo(kinds), "docs/storage.md, 'The write kinds, in their order'");
    }

    [Test]
    public void Every_step_of_a_workflow_is_in_the_lifecycle_page_in_order()
    {
        var steps = Enum.GetValues<WorkflowKind>().SelectMany(Steps.Of).Select(step => step.Name).ToList();

        var rows = Read("docs/lifecycle.md").Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|')[1].Trim());

        Assert.That(rows.Where(steps.Contains), Is.EqualTo(steps), "docs/lifecycle.md: the tables of steps");
    }

    [Test]
    public void Every_route_is_in_the_page_of_its_api()
    {
        // What a route does is not called, so its handlers' parts may be missing.
        var open = new NovaRoutes(null!, null!, null!, null!, null!, null!, null!, null!, null!).Routes
            .Concat(new NovaFleetRoutes(null!, null!, null!, null!).Routes)
            .Concat(new NovaMigrations(null!, null!, null!).Routes)
            .Concat(new NovaGroupRoutes(null!).Routes)
            .Concat(new NovaUsageRoutes(null!).Routes)
            .Concat(new NovaQuotaClasses(null!, null!).Routes)
            .Concat(new IdentityRoutes(null!, null!, null!).Routes)
            .Concat(new ImageRoutes(null!, null!).Routes)
            .Concat(new ServerInterfaces(null!).Routes)
            .Concat(new NovaFlavorAccess(null!, null!, null!, null!).Routes)
            .Concat(new NetworkRoutes(null!, null!, null!, new HomeOptions("http://127.0.0.1", "", "")).Routes);
        var admin = new AdminRoutes(null!).Routes;

        Assert.That(RoutesIn("docs/api-compatibility.md"), Is.EquivalentTo(open.Select(Name)), "docs/api-compatibility.md");
        Assert.That(RoutesIn("docs/admin-api.md"), Is.EquivalentTo(admin.Select(Name)), "docs/admin-api.md");

        static string Name(ApiRoute route) => $"{route.Method} {route.Pattern}";
        static IEnumerable<string> RoutesIn(string document) => RouteRow().Matches(Read(document)).Select(row => row.Groups[1].Value);
    }

    private static NamedCommands Commands => new(
        CommandLine.Root(),
        [.. LauncherOption().Matches(Read("tests/run")).Select(option => option.Groups[1].Value)]);

    private static string Read(string document) => File.ReadAllText(Path.Combine(Repository.Root, document));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^create table (\w+)", RegexOptions.Multiline)]
    private static partial Regex Table();

    [GeneratedRegex(@"^\| (\d+) \| `([a-z-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex KindRow();

    [GeneratedRegex(@"^\| `([A-Z]+ /[^`]*)`", RegexOptions.Multiline)]
    private static partial Regex RouteRow();

    [GeneratedRegex(@"^\s*(--[a-z-]+)\)", RegexOptions.Multiline)]
    private static partial Regex LauncherOption();
}
