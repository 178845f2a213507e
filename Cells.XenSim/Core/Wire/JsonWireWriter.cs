using System.Globalization;
using System.Text.Json;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Wire;

internal sealed class JsonWireWriter(Utf8JsonWriter json) : WireWriter
{
    public override void BeginStruct() => json.WriteStartObject();
    public override void EndStruct() => json.WriteEndObject();
    public override void Member(string name) => json.WritePropertyName(name);
    public override void Member(FieldDef field) => json.WritePropertyName(field.JsonName);
    public override void BeginArray() => json.WriteStartArray();
    public override void EndArray() => json.WriteEndArray();
    public override void Text(string text) => json.WriteStringValue(text);
    public override void Flag(bool flag) => json.WriteBooleanValue(flag);
    public override void Int(long number) => json.WriteNumberValue(number);
    public override void Count(int number) => json.WriteNumberValue(number);
    public override void Instant(string instant) => json.WriteStringValue(instant);
    public override void Number(XapiType type, string digits) => json.WriteRawValue(digits);

    // JSON has no infinity or NaN; a host writes them as text.
    public override void Real(double real)
    {
        if (double.IsFinite(real)) json.WriteNumberValue(real);
        else json.WriteStringValue(real.ToString(CultureInfo.InvariantCulture));
    }
}
