using System.Text.Json.Serialization;

namespace Cells.Api.Images;

/// <summary>JSON of the columns of the table image.</summary>
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class ImageJson : JsonSerializerContext;
