using System.Globalization;

namespace Cells.Host.Replay;

/// <summary>Plots of characters: they are seen wherever text is.</summary>
internal static class TextPlot
{
    private const int Rows = 8, LabelWidth = 8;
    private const string Eighths = " ▁▂▃▄▅▆▇█";

    /// <summary>One line: each value as the height of a character, of <paramref name="full"/>.</summary>
    public static string Line(IEnumerable<double> values, double full) => string.Concat(values.Select(v => Eighths[Eighth(v, full, 8)]));

    /// <summary>Columns over a time axis, the largest value at the top.</summary>
    public static IReadOnlyList<string> Columns(IReadOnlyList<double> values, int secondsEach)
    {
        var top = RoundUp(values.DefaultIfEmpty(0).Max());
        return Framed(top, values.Count, secondsEach, (row, i) => Eighths[Math.Clamp(Eighth(values[i], top, 8 * Rows) - (8 * row), 0, 8)]);
    }

    /// <summary>Two values a column, such as a median and what only one of a hundred exceeds: full up to the lower one, hatched up to the upper one.</summary>
    public static IReadOnlyList<string> Spans(IReadOnlyList<(double Lower, double Upper)> values, int secondsEach)
    {
        var top = RoundUp(values.Select(v => v.Upper).DefaultIfEmpty(0).Max());
        return Framed(top, values.Count, secondsEach, (row, i) =>
            Reaches(values[i].Lower, row) ? '█' : Reaches(values[i].Upper, row) ? '░' : ' ');

        // What is more than nothing is seen.
        bool Reaches(double value, int row) => value > 0 && Math.Ceiling(value / top * Rows) > row;
    }

    /// <summary>The next of 1, 2, 5, 10, 20, ...; at least 1.</summary>
    internal static double RoundUp(double value)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(value, 1))));
        return new[] { 1, 2, 5, 10 }.Select(n => n * power).First(n => n >= value);
    }

    private static int Eighth(double value, double full, int most) => value <= 0 || full <= 0 ? 0 : Math.Clamp((int)Math.Round(value / full * most), 1, most);

    private static List<string> Framed(double top, int columns, int secondsEach, Func<int, int, char> at)
    {
        var lines = new List<string>();
        for (var row = Rows - 1; row >= 0; row--)
        {
            var label = row == Rows - 1 ? Text(top) : row == Rows / 2 ? Text(top / 2) : "";
            lines.Add($"{label.PadLeft(LabelWidth)} │{string.Concat(Enumerable.Range(0, columns).Select(i => at(row, i)))}".TrimEnd());
        }
        lines.Add($"{"0".PadLeft(LabelWidth)} └{new string('─', columns)}");
        var end = Time(columns * secondsEach);
        lines.Add($"{"".PadLeft(LabelWidth + 2)}0{end.PadLeft(Math.Max(end.Length + 1, columns - 1))}");
        return lines;
    }

    private static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    internal static string Time(int seconds) => seconds switch
    {
        < 180 => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
        < 10_800 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60.0:0.#} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600.0:0.#} h"),
    };
}
