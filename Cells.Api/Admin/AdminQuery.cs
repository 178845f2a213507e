using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Admin;

/// <summary>
/// Reads the query of an admin request and remembers the first thing wrong with it. A parameter that a route does not know is refused: a filter with
/// a typing error must not list everything.
/// </summary>
internal sealed class AdminQuery
{
    public const int MaximumPage = 1_000;

    private readonly Query _query;

    /// <param name="known">What the route knows; of paged routes also limit and marker.</param>
    public AdminQuery(Query query, params string[] known)
    {
        _query = query;
        if (query.Items.FirstOrDefault(item => !known.Contains(item.Key)).Key is { } unknown)
            Refuse($"There is no parameter '{unknown}' here. There {(known.Length == 0 ? "is none" : $"are: {string.Join(", ", known)}")}.");
    }

    /// <summary>Null while all is well.</summary>
    public ApiResult? Refusal { get; private set; }

    public string? Text(string name) => _query[name];

    public CellName? Cell(string name)
    {
        if (_query[name] is not { } text)
            return null;
        if (CellName.TryParse(text, out var cell))
            return cell;
        Refuse($"{name} '{text}' is not a cell name.");
        return null;
    }

    public Guid? Id(string name)
    {
        if (_query[name] is not { } text)
            return null;
        if (Guid.TryParse(text, out var id))
            return id;
        Refuse($"{name} '{text}' is not a uuid.");
        return null;
    }

    public string? OneOf(string name, params string[] words)
    {
        if (_query[name] is not { } text || words.Contains(text))
            return _query[name];
        Refuse($"{name} '{text}' is none of: {string.Join(", ", words)}.");
        return null;
    }

    public bool Flag(string name) => OneOf(name, "true", "false") == "true";

    /// <summary>Size of a page: from 1 to <see cref="MaximumPage"/>.</summary>
    /// <param name="absent">When nothing is asked.</param>
    public int Limit(int absent = MaximumPage)
    {
        if (_query["limit"] is null)
            return absent;
        var limit = _query.Limit(MaximumPage, out var problem);
        if (problem is not null || limit == 0)
            Refuse(problem ?? "limit must be at least 1.");
        return limit;
    }

    private void Refuse(string why) => Refusal ??= ApiResult.BadRequest(why);
}
