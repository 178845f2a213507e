using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>Locks a user's row, in a statement before <see cref="InsertKeypair"/> counts the user's keys (see LockProject).</summary>
internal sealed record LockUser(UserId User) : IWrite
{
    private const string Sql = """
        select id
          from user_account
         where id = any(@users)
         order by id
           for no key update
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<LockUser>(
        "lock-user", 102, Sql,
        Column.Uuid<LockUser>("users", w => w.User.Value));

    public WriteKind Kind => TheKind;
}

/// <summary>A key. Misses when the user has one of that name, or as many as the limit; always together with <see cref="LockUser"/>.</summary>
/// <param name="Limit">-1 for none.</param>
internal sealed record InsertKeypair(UserId User, string Name, SshKey Key, int Limit, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        insert into keypair (user_id, name, type, public_key, fingerprint, created_at)
        select w.user_id, w.name, 'ssh', w.public_key, w.fingerprint, w.at
          from unnest(@users, @names, @keys, @fingerprints, @limits, @times) as w (user_id, name, public_key, fingerprint, key_limit, at)
         where w.key_limit < 0
            or w.key_limit > (
               select count(*)
                 from keypair as k
                where k.user_id = w.user_id)
            on conflict do nothing
        returning user_id
        """;

    // One for each user in a group: the count does not see its neighbours in the statement.
    private static readonly WriteKind TheKind = new StatementKind<InsertKeypair>(
        "insert-keypair", 156, Sql, w => ("keypair", w.User), returns: w => w.User.Value,
        Column.Uuid<InsertKeypair>("users", w => w.User.Value),
        Column.Text<InsertKeypair>("names", w => w.Name),
        Column.Text<InsertKeypair>("keys", w => w.Key.PublicKey),
        Column.Text<InsertKeypair>("fingerprints", w => w.Key.Fingerprint),
        Column.Integer<InsertKeypair>("limits", w => w.Limit),
        Column.Time<InsertKeypair>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes a key. Misses when it is not there.</summary>
internal sealed record DeleteKeypair(UserId User, string Name) : IWrite
{
    private const string Sql = """
        delete from keypair
         using unnest(@users, @names) as w (user_id, name)
         where keypair.user_id = w.user_id
           and keypair.name = w.name
        returning keypair.user_id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeleteKeypair>(
        "delete-keypair", 158, Sql, w => ("keypair", w.User), returns: w => w.User.Value,
        Column.Uuid<DeleteKeypair>("users", w => w.User.Value),
        Column.Text<DeleteKeypair>("names", w => w.Name));

    public WriteKind Kind => TheKind;
}
