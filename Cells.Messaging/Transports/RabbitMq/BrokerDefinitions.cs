using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cells.Contracts;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>
/// What a broker must know of cells before they use it, in RabbitMQ's definitions format (RabbitMQ docs, "Definition Export and Import"): for each
/// cell a virtual host and its owner, for each neighbour an account that may publish to its own exchange there and nothing else.
/// </summary>
public static class BrokerDefinitions
{
    private const string Nothing = "^$";
    private const string EveryLink = @"^link\..*$";

    /// <summary>The same cells and passwords give the same text, so that a change can be seen. It holds hashes, no passwords.</summary>
    public static string Of(IEnumerable<CellAccounts> cells)
    {
        var (users, hosts, permissions) = (new JsonArray(), new JsonArray(), new JsonArray());
        foreach (var cell in cells.OrderBy(cell => cell.Cell))
        {
            var host = BrokerNames.VirtualHost(cell.Cell);
            hosts.Add(new JsonObject { ["name"] = host });
            Add(BrokerNames.Owner(cell.Cell), cell.Password, EveryLink, EveryLink, EveryLink);
            foreach (var (neighbour, password) in cell.Neighbours)
                Add(BrokerNames.Publisher(neighbour, cell.Cell), password, Nothing, $@"^link\.{neighbour}$", Nothing);

            void Add(string user, string password, string configure, string write, string read)
            {
                users.Add(new JsonObject
                {
                    ["name"] = user, ["password_hash"] = Hash(user, password), ["hashing_algorithm"] = "rabbit_password_hashing_sha256", ["tags"] = "",
                });
                permissions.Add(new JsonObject { ["user"] = user, ["vhost"] = host, ["configure"] = configure, ["write"] = write, ["read"] = read });
            }
        }
        return new JsonObject { ["users"] = users, ["vhosts"] = hosts, ["permissions"] = permissions }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    /// <summary>
    /// salt, SHA-256(salt, password), in base64 (RabbitMQ docs, "Passwords"). The salt is drawn from account and password: passwords here are 32 random
    /// bytes, which no table of hashes holds.
    /// </summary>
    private static string Hash(string user, string password)
    {
        var salt = SHA256.HashData(Encoding.UTF8.GetBytes($"salt {user} {password}"))[..4];
        return Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
    }
}

/// <summary>One cell's virtual host: who owns it, who may publish there.</summary>
public sealed record CellAccounts(CellName Cell, string Password, IReadOnlyList<(CellName Name, string Password)> Neighbours);
