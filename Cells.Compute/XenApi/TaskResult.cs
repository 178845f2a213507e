using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;

namespace Cells.Compute.XenApi;

/// <summary>
/// A task's result is XML-RPC text whatever the call came by. Three forms are in the field: <c>&lt;value&gt;…&lt;/value&gt;</c>, a bare reference,
/// and nothing at all for calls that answer nothing (old hosts).
/// </summary>
internal static class TaskResult
{
    private const int MaxDepth = 32;

    private static readonly XmlReaderSettings Reading = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = 16 * 1024 * 1024,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    /// <exception cref="XenAnswerException">The text is none of the three forms, or not of the call's type.</exception>
    public static T Read<T>(XenRequest<T> request, string text)
    {
        var place = $"result of the task for {request}";
        return request.Read(new XenValue(JsonSerializer.SerializeToElement(ToJson(text.Trim(), place)), place));
    }

    private static JsonNode? ToJson(string text, string place)
    {
        if (!text.StartsWith('<'))
            return JsonValue.Create(text);
        try
        {
            using var xml = XmlReader.Create(new StringReader(text), Reading);
            xml.MoveToContent();
            return Value(xml, place);
        }
        catch (XmlException broken)
        {
            throw new XenAnswerException($"{place}: not XML-RPC", broken);
        }
    }

    /// <summary>Stands on &lt;value&gt;; leaves behind its end.</summary>
    private static JsonNode? Value(XmlReader xml, string place)
    {
        Expect(xml, "value", place);
        if (xml.Depth > MaxDepth)
            throw new XenAnswerException($"{place}: nested deeper than {MaxDepth}");
        if (xml.IsEmptyElement)
        {
            xml.Read();
            return JsonValue.Create("");
        }
        xml.Read();
        if (xml.NodeType is XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace or XmlNodeType.Text or XmlNodeType.CDATA)
        {
            var text = xml.ReadContentAsString();
            if (xml.NodeType == XmlNodeType.EndElement)
            {
                xml.ReadEndElement();
                return JsonValue.Create(text);
            }
        }
        if (xml.NodeType == XmlNodeType.EndElement)
        {
            xml.ReadEndElement();
            return JsonValue.Create("");
        }
        JsonNode? node = xml.Name switch
        {
            "array" => Array(xml, place),
            "struct" => Struct(xml, place),
            "boolean" => JsonValue.Create(xml.ReadElementContentAsString() == "1"),
            "string" or "int" or "i4" or "double" or "dateTime.iso8601" => JsonValue.Create(xml.ReadElementContentAsString()),
            "nil" => Nil(xml),
            var other => throw new XenAnswerException($"{place}: unknown type {other}"),
        };
        xml.MoveToContent();
        xml.ReadEndElement();
        return node;
    }

    private static JsonArray Array(XmlReader xml, string place)
    {
        var array = new JsonArray();
        xml.ReadStartElement("array");
        xml.MoveToContent();
        if (xml.IsEmptyElement)
            xml.Read();
        else
        {
            xml.ReadStartElement("data");
            while (xml.MoveToContent() == XmlNodeType.Element)
                array.Add(Value(xml, place));
            xml.ReadEndElement();
        }
        xml.MoveToContent();
        xml.ReadEndElement();
        return array;
    }

    private static JsonObject Struct(XmlReader xml, string place)
    {
        var members = new JsonObject();
        if (xml.IsEmptyElement)
        {
            xml.Read();
            return members;
        }
        xml.ReadStartElement("struct");
        while (xml.MoveToContent() == XmlNodeType.Element)
        {
            xml.ReadStartElement("member");
            xml.MoveToContent();
            Expect(xml, "name", place);
            var name = xml.ReadElementContentAsString();
            xml.MoveToContent();
            members[name] = Value(xml, place);
            xml.MoveToContent();
            xml.ReadEndElement();
        }
        xml.ReadEndElement();
        return members;
    }

    private static JsonNode? Nil(XmlReader xml)
    {
        xml.Skip();
        return null;
    }

    private static void Expect(XmlReader xml, string name, string place)
    {
        if (xml.NodeType != XmlNodeType.Element || xml.Name != name)
            throw new XenAnswerException($"{place}: expected <{name}>, found {xml.NodeType} '{xml.Name}'");
    }
}
