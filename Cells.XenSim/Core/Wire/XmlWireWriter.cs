using System.Globalization;
using System.Security;
using System.Text;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Wire;

/// <summary>XML-RPC as xapi prints it: nothing between elements, and plain text without a tag of its own.</summary>
internal sealed class XmlWireWriter(StringBuilder xml) : WireWriter
{
    // What encloses the value that comes next: a member has an end of its own.
    private readonly Stack<bool> _inStruct = new();

    public override void BeginStruct()
    {
        xml.Append("<value><struct>");
        _inStruct.Push(true);
    }

    public override void EndStruct() => End("</struct></value>");

    public override void Member(string name) => xml.Append("<member><name>").Append(SecurityElement.Escape(name)).Append("</name>");

    public override void Member(FieldDef field) => Member(field.Name);

    public override void BeginArray()
    {
        xml.Append("<value><array><data>");
        _inStruct.Push(false);
    }

    public override void EndArray() => End("</data></array></value>");

    public override void Text(string text) => Value(SecurityElement.Escape(text));
    public override void Flag(bool flag) => Value(flag ? "<boolean>1</boolean>" : "<boolean>0</boolean>");
    public override void Int(long number) => Value(number.ToString(CultureInfo.InvariantCulture));
    public override void Count(int number) => Value($"<i4>{number.ToString(CultureInfo.InvariantCulture)}</i4>");
    public override void Instant(string instant) => Value($"<dateTime.iso8601>{instant}</dateTime.iso8601>");
    public override void Real(double real) => Value($"<double>{real.ToString("R", CultureInfo.InvariantCulture)}</double>");
    public override void Number(XapiType type, string digits) => Value(type.Kind == XapiKind.Float ? $"<double>{digits}</double>" : digits);

    private void Value(string inside)
    {
        xml.Append("<value>").Append(inside).Append("</value>");
        Close();
    }

    private void End(string tags)
    {
        _inStruct.Pop();
        xml.Append(tags);
        Close();
    }

    private void Close()
    {
        if (_inStruct.TryPeek(out var member) && member) xml.Append("</member>");
    }
}
