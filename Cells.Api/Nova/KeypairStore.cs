using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Nova;

internal sealed record StoredKeypair(long Number, string Name, SshKey Key, DateTimeOffset CreatedAt);

internal sealed class KeypairStore(ICellDatabase database)
{
    private const string Columns = """
        select number, name, public_key, fingerprint, created_at
          from keypair
        """;

    public Task<IReadOnlyList<StoredKeypair>> ListAsync(UserId user, CancellationToken stop) => database.ListAsync("keypairs of a user", $"""
        {Columns}
         where user_id = @user
         order by name
        """, [Reads.Uuid("user", user.Value)], ToKeypair, stop);

    public Task<StoredKeypair?> FindAsync(UserId user, string name, CancellationToken stop) => database.OneAsync("keypair", $"""
        {Columns}
         where user_id = @user
           and name = @name
        """, [Reads.Uuid("user", user.Value), Reads.Text("name", name)], ToKeypair, stop);

    public async Task<bool> IsUserAsync(UserId user, CancellationToken stop) => await database.OneAsync("user", """
        select name
          from user_account
         where id = @user
        """, [Reads.Uuid("user", user.Value)], row => row.GetString(0), stop) is not null;

    private static StoredKeypair ToKeypair(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), new SshKey(row.GetString(2), row.GetString(3)), row.Time(4));
}
