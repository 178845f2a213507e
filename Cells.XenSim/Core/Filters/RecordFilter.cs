using System.Globalization;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Filters;

/// <summary>
/// The expression of get_all_records_where: "literal" and field "name" compared with =, joined by and / or (same
/// precedence, left to right), negated by not, which binds tighter. Literals have no escapes.
/// </summary>
internal sealed class RecordFilter
{
    private readonly string _text;
    private readonly ClassDef _definition;
    private int _at;
    private Func<SimObject, bool> _matches = _ => true;

    private RecordFilter(ClassDef definition, string text) => (_definition, _text) = (definition, text);

    public bool Matches(SimObject record) => _matches(record);

    /// <exception cref="XapiFailure">INVALID_VALUE [expression, reason].</exception>
    public static RecordFilter Parse(ClassDef definition, string text)
    {
        var filter = new RecordFilter(definition, text);
        filter._matches = filter.Expression();
        filter.SkipBlanks();
        if (filter._at < text.Length) throw filter.Bad("trailing text");
        return filter;
    }

    private Func<SimObject, bool> Expression()
    {
        var left = Term();
        while (true)
        {
            if (Take("and"))
            {
                var (a, b) = (left, Term());
                left = o => a(o) && b(o);
            }
            else if (Take("or"))
            {
                var (a, b) = (left, Term());
                left = o => a(o) || b(o);
            }
            else
            {
                return left;
            }
        }
    }

    private Func<SimObject, bool> Term()
    {
        if (Take("not"))
        {
            var inner = Term();
            return o => !inner(o);
        }
        if (Take("true")) return _ => true;
        if (Take("false")) return _ => false;
        if (Take("("))
        {
            var inner = Expression();
            return Take(")") ? inner : throw Bad("a ')' is missing");
        }
        var left = Value();
        if (!Take("=")) throw Bad("'=' expected");
        var right = Value();
        return o => left(o) == right(o);
    }

    private Func<SimObject, string> Value()
    {
        if (!Take("field"))
        {
            var literal = Quoted();
            return _ => literal;
        }
        var name = Quoted();
        // The database spells a namespace with two underscores; the name namespace is the one clients meet.
        var published = name.Replace("__", "_", StringComparison.Ordinal);
        if (_definition.FindField(published) is not { } field || name is "name_label" or "name_description")
            throw Bad($"no field {name} in table {_definition.Name}");
        return o => DatabaseText(o[field]);
    }

    private string Quoted()
    {
        SkipBlanks();
        var end = _at < _text.Length && _text[_at] == '"' ? _text.IndexOf('"', _at + 1) : -1;
        if (end < 0) throw Bad("a quoted value is expected");
        var inside = _text[(_at + 1)..end];
        _at = end + 1;
        return inside;
    }

    private bool Take(string word)
    {
        SkipBlanks();
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0) return false;
        var end = _at + word.Length;
        if (char.IsLetter(word[0]) && end < _text.Length && (char.IsLetterOrDigit(_text[end]) || _text[end] == '_')) return false;
        _at = end;
        return true;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }

    private XapiFailure Bad(string reason) => XapiFailure.InvalidValue(_text, $"Db_filter parse error at {_at}: {reason}");

    private static string DatabaseText(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        string[] set => $"({string.Join(' ', set.Select(s => $"'{s}'"))})",
        StringMap map => $"({string.Join(' ', map.Select(p => $"('{p.Key}' '{p.Value}')"))})",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value as string ?? "",
    };
}
