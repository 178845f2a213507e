using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cells.Contracts;

namespace Cells.Host.Joining;

/// <summary>
/// What a child needs to agree a link with its parent in another process: the link's keys, where the parent's broker is, the password with which it
/// publishes there, and the one with which the parent publishes at its own. A secret: whoever has it can be that child.
/// </summary>
/// <param name="Expires">Wall time. The parent refuses a child that was never heard before it; the child refuses to begin with it.</param>
/// <param name="KeyDown">The link key for what the parent sends.</param>
/// <param name="KeyUp">The link key for what the child sends.</param>
/// <param name="ParentBroker">Where the parent hears.</param>
/// <param name="ParentPassword">Of the child's account there.</param>
/// <param name="ChildBroker">Where the child shall hear.</param>
/// <param name="ChildPassword">Of the parent's account there.</param>
internal sealed record JoinToken(
    string Child, string Parent, DateTimeOffset Expires, byte[] KeyDown, byte[] KeyUp, Uri ParentBroker, string ParentPassword, Uri ChildBroker, string ChildPassword)
{
    private const string Prefix = "cells-join.v1.";
    private const int CheckBytes = 6;

    /// <summary>One line of letters, digits, '-', '_' and '.'.</summary>
    public string ToText()
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(this, JoinJson.Default.JoinToken);
        return $"{Prefix}{Base64Url.EncodeToString(body)}.{Check(body)}";
    }

    /// <summary>Which token it is, without its secrets.</summary>
    [JsonIgnore]
    public string Mark => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, JoinJson.Default.JoinToken)))[..16];

    /// <exception cref="CellsException">The text is no token, or not the whole of one. The message does not repeat it.</exception>
    public static JoinToken Parse(string text, string file)
    {
        var parts = text.Trim().Split('.');
        try
        {
            if (text.TrimStart().StartsWith(Prefix, StringComparison.Ordinal) && parts.Length == 4)
            {
                var body = Base64Url.DecodeFromChars(parts[2]);
                if (Check(body) == parts[3])
                    return JsonSerializer.Deserialize(body, JoinJson.Default.JoinToken)!;
            }
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            throw NoToken(file, error);
        }
        throw NoToken(file, null);
    }

    public override string ToString() => $"join token of '{Child}' under '{Parent}', until {Expires:u}";

    private static CellsException NoToken(string file, Exception? cause) =>
        new($"{file} does not hold a whole join token (one line that begins with {Prefix}). Make one with `cells cell token`.", cause!);

    /// <summary>Tells a token that was cut off or mistyped from a whole one; it proves nothing.</summary>
    private static string Check(byte[] body) => Base64Url.EncodeToString(SHA256.HashData([.. Encoding.ASCII.GetBytes(Prefix), .. body]).AsSpan(0, CheckBytes));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JoinToken))]
internal sealed partial class JoinJson : JsonSerializerContext;
