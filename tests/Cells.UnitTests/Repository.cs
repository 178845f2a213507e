using NUnit.Framework;

namespace Cells.UnitTests;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cells.sln")))
                folder = folder.Parent;
            return folder?.FullName ?? throw new InvalidOperationException("Cells.sln is in no folder above the tests.");
        }
    }
}
