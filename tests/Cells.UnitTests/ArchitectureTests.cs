using Mono.Cecil;
using NUnit.Framework;

namespace Cells.UnitTests;

/// <summary>Who may refer to whom (docs/architecture.md), read from the compiled assemblies.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Cells.Contracts"] = [],
        ["Cells.Scheduler"] = ["Cells.Contracts"],
        ["Cells.Messaging"] = ["Cells.Contracts"],
        ["Cells.Compute"] = ["Cells.Contracts", "Cells.Scheduler", "Cells.Messaging"],
        ["Cells.Api"] = ["Cells.Contracts", "Cells.Scheduler", "Cells.Messaging"],
        ["Cells.XenSim"] = [],
        ["Cells.Chaos"] = ["Cells.Contracts", "Cells.Scheduler", "Cells.Messaging", "Cells.Compute", "Cells.Api", "Cells.XenSim"],
        ["cells"] = ["Cells.Contracts", "Cells.Scheduler", "Cells.Messaging", "Cells.Compute", "Cells.Api", "Cells.XenSim", "Cells.Chaos"],
    };

    private static IEnumerable<string> Projects => Allowed.Keys;

    [TestCaseSource(nameof(Projects))]
    public void A_project_refers_only_to_those_the_table_allows(string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Path.Combine(TestContext.CurrentContext.TestDirectory, project + ".dll"));

        var ours = assembly.MainModule.AssemblyReferences.Select(r => r.Name).Where(Allowed.ContainsKey);

        Assert.That(ours.Except(Allowed[project]), Is.Empty, $"{project} refers to what the table in docs/architecture.md does not allow");
    }

    [Test]
    public void Every_project_of_the_solution_outside_tests_is_in_the_table()
    {
        var projects = Directory.GetFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(p => !p.Contains($"{Path.DirectorySeparatorChar}tests{Path.DirectorySeparatorChar}"))
            .Select(p => Path.GetFileNameWithoutExtension(p))
            .Select(p => p == "Cells.Host" ? "cells" : p);

        Assert.That(projects, Is.EquivalentTo(Allowed.Keys));
    }

    [TestCaseSource(nameof(Projects))]
    public void The_documents_table_says_the_same(string project)
    {
        var name = project == "cells" ? "Cells.Host" : project;
        var row = File.ReadLines(Path.Combine(Repository.Root, "docs", "architecture.md")).Single(l => l.StartsWith($"| {name} |", StringComparison.Ordinal));
        var says = row.Split('|')[3].Trim();
        var expected = (project, Allowed[project].Length) switch
        {
            ("cells", _) => "all",
            ("Cells.Chaos", _) => "all but Host",
            ("Cells.XenSim", _) => "nothing of ours",
            (_, 0) => "nothing",
            _ => string.Join(", ", Allowed[project].Select(a => a["Cells.".Length..])),
        };

        Assert.That(says, Is.EqualTo(expected));
    }

    /// <summary>Below the HTTP layer nothing may hop to the thread pool: the stepped world runs the same code on one thread.</summary>
    [TestCase("Cells.Scheduler")]
    [TestCase("Cells.Compute")]
    [TestCase("Cells.Messaging")]
    public void Nothing_hops_to_the_thread_pool_but_the_dispatcher_and_the_private_servers(string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Path.Combine(TestContext.CurrentContext.TestDirectory, project + ".dll"));

        var hops = from type in assembly.MainModule.GetTypes()
                   where !Outermost(type).Name.StartsWith("ThreadPoolDispatcher", StringComparison.Ordinal)
                   where !type.FullName.Contains("Private", StringComparison.Ordinal)
                   from method in type.Methods
                   where method.HasBody
                   from instruction in method.Body.Instructions
                   let called = instruction.Operand as MethodReference
                   where called is not null
                       && (called.DeclaringType.FullName is "System.Threading.ThreadPool" or "System.Threading.Tasks.Parallel"
                           || (called.DeclaringType.FullName == "System.Threading.Tasks.Task" && called.Name is "Run" or "ConfigureAwait"))
                   select $"{type.FullName}.{method.Name} calls {called.Name}";

        Assert.That(hops, Is.Empty);
    }

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is null ? type : Outermost(type.DeclaringType);
}
