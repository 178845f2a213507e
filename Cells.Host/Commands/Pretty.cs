using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cells.Host.Commands;

internal static class Pretty
{
    /// <summary>For people and for jq: indented, and quotes in sentences left readable.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.General) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
