using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.Chaos.Stepping;

/// <summary>
/// Values as text that is the same in every run: the data of messages down to a few levels; of live things (references, tasks, delegates,
/// exceptions' stacks) only what they are.
/// </summary>
internal static class StableText
{
    private const int Deepest = 6;

    // Shared by all worlds of the process, filled in any order: it holds only what types look like.
    private static readonly Dictionary<Type, Shape> s_shapes = [];

    public static void Append(StringBuilder text, object? value) => Append(text, value, 0);

    private static void Append(StringBuilder text, object? value, int depth)
    {
        switch (value)
        {
            case null:
                text.Append('-');
                return;
            case string s:
                text.Append(s);
                return;
            case ReadOnlyMemory<byte> bytes:
                AppendBytes(text, bytes.Span);
                return;
            case byte[] bytes:
                AppendBytes(text, bytes);
                return;
            case IActorRef actor:
                text.Append(actor.Path);
                return;
            case Exception error:
                text.Append(error.GetType().Name).Append(": ").Append(error.Message);
                return;
            case PendingChange pending:
                Append(text, pending.Change.Writes, depth);
                return;
            case Task or Delegate or CancellationToken:
                text.Append(value.GetType().Name);
                return;
            case IFormattable simple when value is not IEnumerable:
                text.Append(simple.ToString(null, CultureInfo.InvariantCulture));
                return;
            case bool or char:
                text.Append(value);
                return;
        }
        if (depth == Deepest)
        {
            text.Append('…');
            return;
        }
        if (value is IEnumerable several)
        {
            AppendSeveral(text, several, depth);
            return;
        }
        var shape = ShapeOf(value.GetType());
        text.Append(shape.Name);
        if (shape.Properties.Length == 0)
            return;
        text.Append('(');
        foreach (var property in shape.Properties)
        {
            Append(text, property.GetValue(value), depth + 1);
            text.Append(", ");
        }
        text.Append(')');
    }

    private static void AppendSeveral(StringBuilder text, IEnumerable several, int depth)
    {
        text.Append('[');
        foreach (var one in several)
        {
            Append(text, one, depth + 1);
            text.Append(", ");
        }
        text.Append(']');
    }

    private static void AppendBytes(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(bytes, digest);
        text.Append(CultureInfo.InvariantCulture, $"{bytes.Length}:{Convert.ToHexStringLower(digest[..8])}");
    }

    private static Shape ShapeOf(Type type)
    {
        lock (s_shapes)
        {
            if (s_shapes.TryGetValue(type, out var known))
                return known;
            // Records are data, and so are the tuples and pairs inside them; of anything else only the name is safe to read.
            var isData = type.GetMethod("<Clone>$") is not null || type.IsValueType;
            var shape = new Shape(
                type.Name,
                isData ? [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0 && p.Name != "EqualityContract").OrderBy(p => p.Name, StringComparer.Ordinal)] : []);
            s_shapes[type] = shape;
            return shape;
        }
    }

    private sealed record Shape(string Name, PropertyInfo[] Properties);
}
