using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Cells.UnitTests")]
[assembly: InternalsVisibleTo("Cells.IntegrationTests")]
[assembly: InternalsVisibleTo("Cells.ChaosTests")]
[assembly: InternalsVisibleTo("Cells.Benchmarks")]
[assembly: InternalsVisibleTo("Cells.Chaos")]   // hooks for planted bugs, and what checkers read
