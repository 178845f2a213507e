using NUnit.Framework;

// A new fixture instance per test: no test sees what another left in a field.
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

// Most of these tests wait for a server; fixtures that load the machine or judge times are marked NonParallelizable.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(3)]
