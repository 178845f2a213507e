using System.Net.Sockets;
using System.Text.Json;
using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>What PUT /servers/{id} asks for (Nova API, update server); what is null stays as it is.</summary>
/// <param name="SetsDescription">Whether the body has a description, null included.</param>
internal sealed record UpdateServer(string? Name, bool SetsDescription, string? Description, string? DiskConfig, string? AccessIpV4, string? AccessIpV6)
{
    /// <summary>Null when the body is wrong; then <paramref name="refusal"/> says how.</summary>
    public static UpdateServer? Read(JsonElement body, Microversion version, out ApiResult? refusal)
    {
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var server = root.Object("server");
        var describes = version.Has(19) && server.Has("description");
        var asked = new UpdateServer(
            server.Has("name") ? CreateServer.ReadName(server) : null,
            describes,
            describes ? server.OptionalText("description") : null,
            server.Has("OS-DCF:diskConfig") ? CreateServer.ReadDiskConfig(server) : null,
            ReadAddress(server, "accessIPv4", AddressFamily.InterNetwork),
            ReadAddress(server, "accessIPv6", AddressFamily.InterNetworkV6));
        server.Close();
        root.Close();
        refusal = problem.Text is { } wrong ? ApiResult.BadRequest(wrong) : null;
        return refusal is null ? asked : null;
    }

    // Here, not at create, the empty text says something: the address goes.
    private static string? ReadAddress(BodyObject server, string name, AddressFamily family) =>
        server.Has(name) ? CreateServer.ReadAddress(server, name, family) ?? "" : null;
}
