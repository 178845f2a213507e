using System.Text.Json;

namespace Cells.Api.Http;

/// <summary>
/// Texts that no database column can hold: U+0000 (PostgreSQL manual, character types) and halves of surrogate pairs, which JSON can escape and no
/// UTF-8 can say. They are refused at the door, where it is still the sender's mistake.
/// </summary>
internal static class StorableText
{
    public const string Refusal = "a text holds U+0000 or half of a surrogate pair, which cannot be stored.";

    public static bool Is(string text) => !text.Contains('\0');

    /// <summary>Whether every text of a document, names of members included, is one.</summary>
    public static bool Holds(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.String => Is(element.GetString()!),
                JsonValueKind.Array => element.EnumerateArray().All(Holds),
                JsonValueKind.Object => element.EnumerateObject().All(member => Is(member.Name) && Holds(member.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;   // an escaped half of a pair: JsonElement gives no such text out
        }
    }
}
