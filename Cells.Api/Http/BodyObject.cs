using System.Globalization;
using System.Text.Json;

namespace Cells.Api.Http;

/// <summary>The first thing that is wrong with a body, in Nova's words; null while all is well.</summary>
internal sealed class Problem
{
    public string? Text { get; private set; }

    public void Note(string path, string reason) => Text ??= $"Invalid input for field/attribute {path}. {reason}";
}

/// <summary>
/// Reads an object of a body member by member. What is wrong is noted, once, and the reader goes on with defaults, so that a body is read in a
/// straight line and judged at the end. Members nobody read are refused by <see cref="Close"/>.
/// </summary>
internal sealed class BodyObject(JsonElement element, string path, Problem problem)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public Problem Problem { get; } = problem;

    /// <summary>Reads a body whole: what is in it and nobody read is refused.</summary>
    /// <returns>What is wrong with the body, as the answer to it; null when all is well, and only then <paramref name="asked"/> says anything.</returns>
    public static ApiResult? Read<T>(JsonElement body, Func<BodyObject, T> read, out T asked)
    {
        var problem = new Problem();
        var root = Root(body, problem);
        asked = read(root);
        root.Close();
        return problem.Text is { } wrong ? ApiResult.BadRequest(wrong) : null;
    }

    /// <summary>The same for a body that is one object under one key, such as <c>server</c>.</summary>
    public static ApiResult? Read<T>(JsonElement body, string name, Func<BodyObject, T> read, out T asked) => Read(body, root =>
    {
        var inner = root.Object(name);
        var value = read(inner);
        inner.Close();
        return value;
    }, out asked);

    /// <summary>A body as it is, for a reader that goes on with it after others.</summary>
    public static BodyObject Root(JsonElement body, Problem problem)
    {
        if (body.ValueKind != JsonValueKind.Object)
            problem.Note("body", "It is not an object.");
        return new BodyObject(body, "", problem);
    }

    public bool Has(string name) => Find(name) is not null;

    /// <summary>Notes that a member which was read has to be there.</summary>
    public T? Needed<T>(string name, T? value) where T : class
    {
        if (value is null)
            Problem.Note(Path(name), $"'{name}' is a required property");
        return value;
    }

    public bool HasRead(string name) => _read.Contains(name);

    public BodyObject Object(string name)
    {
        var value = Find(name);
        if (value is not { ValueKind: JsonValueKind.Object })
            Problem.Note(Path(name), value is null ? $"'{name}' is a required property" : "It is not of type 'object'");
        return new BodyObject(value ?? default, Path(name), Problem);
    }

    public BodyObject? OptionalObject(string name) => Find(name) is { ValueKind: not JsonValueKind.Null } ? Object(name) : null;

    public string Text(string name, int minimum = 1, int maximum = 255)
    {
        if (OptionalText(name, minimum, maximum) is { } text)
            return text;
        Problem.Note(Path(name), $"'{name}' is a required property");
        return "";
    }

    /// <summary>A text that people call a thing by: without control characters, and without spaces at its ends.</summary>
    public string Name(string name)
    {
        var text = Text(name);
        if (text.Trim() != text || text.Any(char.IsControl))
            Problem.Note(Path(name), "It may not begin or end with a space, nor have control characters.");
        return text;
    }

    public string? OptionalText(string name, int minimum = 0, int maximum = 255)
    {
        switch (Find(name))
        {
            case null or { ValueKind: JsonValueKind.Null }:
                return null;
            case { ValueKind: JsonValueKind.String } value:
                var text = value.GetString()!;
                if (text.Length < minimum)
                    Problem.Note(Path(name), $"Value: {text}. '{text}' is too short");
                else if (text.Length > maximum)
                    Problem.Note(Path(name), $"It is too long: at most {maximum} characters");
                return text;
            case { } other:
                Problem.Note(Path(name), $"Value: {Shown(other)}. It is not of type 'string'");
                return null;
        }
    }

    /// <summary>A number, or its digits as a string, as Nova takes both.</summary>
    public long? Integer(string name, long minimum, long maximum)
    {
        var value = Find(name);
        if (value is null or { ValueKind: JsonValueKind.Null })
            return null;
        long number;
        var valid = value.Value.ValueKind switch
        {
            JsonValueKind.Number => value.Value.TryGetInt64(out number),
            JsonValueKind.String => long.TryParse(value.Value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number),
            _ => No(out number),
        };
        if (!valid)
            Problem.Note(Path(name), $"Value: {Shown(value.Value)}. It is not of type 'integer'");
        else if (number < minimum)
            Problem.Note(Path(name), $"Value: {number}. {number} is less than the minimum of {minimum}");
        else if (number > maximum)
            Problem.Note(Path(name), $"Value: {number}. {number} is greater than the maximum of {maximum}");
        return valid ? number : null;
    }

    public double? Number(string name)
    {
        var value = Find(name);
        if (value is null or { ValueKind: JsonValueKind.Null })
            return null;
        if (value.Value.ValueKind == JsonValueKind.Number && value.Value.TryGetDouble(out var number) && double.IsFinite(number))
            return number;
        if (value.Value.ValueKind == JsonValueKind.String
            && double.TryParse(value.Value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number))
            return number;
        Problem.Note(Path(name), $"Value: {Shown(value.Value)}. It is not of type 'number'");
        return null;
    }

    /// <summary>true or false, or one of the words that Nova takes for them.</summary>
    public bool? Boolean(string name)
    {
        var value = Find(name);
        switch (value)
        {
            case null or { ValueKind: JsonValueKind.Null }:
                return null;
            case { ValueKind: JsonValueKind.True or JsonValueKind.False }:
                return value.Value.GetBoolean();
            case { ValueKind: JsonValueKind.String } when BooleanWord(value.Value.GetString()!) is { } word:
                return word;
            default:
                Problem.Note(Path(name), $"Value: {Shown(value.Value)}. It is not of type 'boolean'");
                return null;
        }
    }

    public static bool? BooleanWord(string text) => text.ToUpperInvariant() switch
    {
        "TRUE" or "1" or "ON" or "YES" or "T" or "Y" => true,
        "FALSE" or "0" or "OFF" or "NO" or "F" or "N" => false,
        _ => null,
    };

    /// <summary>Null when it is not there.</summary>
    public IReadOnlyList<JsonElement>? Array(string name)
    {
        var value = Find(name);
        if (value is null or { ValueKind: JsonValueKind.Null })
            return null;
        if (value.Value.ValueKind == JsonValueKind.Array)
            return [.. value.Value.EnumerateArray()];
        Problem.Note(Path(name), $"Value: {Shown(value.Value)}. It is not of type 'array'");
        return null;
    }

    /// <summary>The objects of an array; null when it is not there.</summary>
    public IReadOnlyList<BodyObject>? Objects(string name) =>
        Array(name)?.Select((item, i) =>
        {
            if (item.ValueKind != JsonValueKind.Object)
                Problem.Note($"{Path(name)}.{i}", "It is not of type 'object'");
            return new BodyObject(item, $"{Path(name)}.{i}", Problem);
        }).ToList();

    /// <summary>The element as it is, read by the caller; null when it is not there.</summary>
    public JsonElement? Any(string name) => Find(name);

    /// <summary>Every member as a string, keys and values at most 255 characters; null when it is not there.</summary>
    public IReadOnlyDictionary<string, string>? Strings(string name)
    {
        var value = Find(name);
        if (value is null or { ValueKind: JsonValueKind.Null })
            return null;
        if (value.Value.ValueKind != JsonValueKind.Object)
        {
            Problem.Note(Path(name), $"Value: {Shown(value.Value)}. It is not of type 'object'");
            return null;
        }
        var strings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in value.Value.EnumerateObject())
        {
            if (member.Name.Length is 0 or > 255)
                Problem.Note(Path(name), $"The key '{member.Name}' does not have 1 to 255 characters");
            if (member.Value.ValueKind != JsonValueKind.String)
                Problem.Note($"{Path(name)}.{member.Name}", $"Value: {Shown(member.Value)}. It is not of type 'string'");
            else if (member.Value.GetString()!.Length > 255)
                Problem.Note($"{Path(name)}.{member.Name}", "It is too long: at most 255 characters");
            else
                strings[member.Name] = member.Value.GetString()!;
        }
        return strings;
    }

    /// <summary>Leaves a member unread on purpose: it is allowed and says nothing to us.</summary>
    public void Ignore(string name) => _read.Add(name);

    /// <summary>Refuses what nobody read.</summary>
    public void Close()
    {
        if (element.ValueKind != JsonValueKind.Object)
            return;
        foreach (var member in element.EnumerateObject())
        {
            if (!_read.Contains(member.Name))
                Problem.Note(path.Length == 0 ? member.Name : path, $"Additional properties are not allowed ('{member.Name}' was unexpected)");
        }
    }

    private JsonElement? Find(string name)
    {
        _read.Add(name);
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
    }

    private string Path(string name) => path.Length == 0 ? name : $"{path}.{name}";

    // Long enough to be recognised, short enough for an error text.
    private static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 100 ? text : text[..100] + "...";
    }

    private static bool No(out long number)
    {
        number = 0;
        return false;
    }
}
