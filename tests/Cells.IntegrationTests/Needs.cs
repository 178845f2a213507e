using NUnit.Framework;

namespace Cells.IntegrationTests;

/// <summary>What a test needs of the machine. Missing on a desk: the test is ignored and says so. Missing in CI: it fails.</summary>
internal static class Needs
{
    public static void OpenStackClient()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, "openstack"))))
            Missing("the openstack client is not installed (apt-get install python3-openstackclient)");
    }

    private static void Missing(string what)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail($"In CI everything must be there, but {what}.");
        Assert.Ignore(what);
    }
}
