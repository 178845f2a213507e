using Cells.Contracts;

namespace Cells.Api.Dispatch;

/// <summary>What was asked only the process knows that leads the cell, and this one does not: 503, and the words of it.</summary>
internal sealed class NotLeading(CellName cell) : Exception(
    $"This process of cell '{cell}' does not lead it: only the one that does has the links and hears the cells below. Ask at its door.");
