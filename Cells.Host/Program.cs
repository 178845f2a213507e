using Cells.Host.Commands;

return await CommandLine.RunAsync(args);
