using NUnit.Framework;

// A new fixture instance per test: no test sees what another left in a field.
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
