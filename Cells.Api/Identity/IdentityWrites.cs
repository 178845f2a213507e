using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Identity;

/// <summary>A domain. Misses when its id or name is taken.</summary>
internal sealed record InsertDomain(string Id, string Name, string Description) : IWrite
{
    private const string Sql = """
        insert into domain (id, name, description, enabled)
        select w.id, w.name, w.description, true
          from unnest(@ids, @names, @descriptions) as w (id, name, description)
            on conflict do nothing
        returning id
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertDomain>(
        "insert-domain", 110, Sql, w => ("domain", w.Id), returns: w => w.Id,
        Column.Text<InsertDomain>("ids", w => w.Id),
        Column.Text<InsertDomain>("names", w => w.Name),
        Column.Text<InsertDomain>("descriptions", w => w.Description));

    public WriteKind Kind => TheKind;
}

/// <summary>A project with its quota row. Misses when its name is taken in its domain.</summary>
internal sealed record InsertProject(ProjectId Id, string DomainId, string Name, string Description, bool Enabled) : IWrite
{
    private const string Sql = """
        with written as (
            insert into project (id, domain_id, name, description, enabled)
            select w.id, w.domain_id, w.name, w.description, w.enabled
              from unnest(@ids, @domains, @names, @descriptions, @enabled) as w (id, domain_id, name, description, enabled)
                on conflict do nothing
            returning id
        )
        insert into project_quota (project_id)
        select written.id
          from written
        returning project_id
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertProject>(
        "insert-project", 112, Sql, w => ("project", w.Id), returns: w => w.Id.Value,
        Column.Uuid<InsertProject>("ids", w => w.Id.Value),
        Column.Text<InsertProject>("domains", w => w.DomainId),
        Column.Text<InsertProject>("names", w => w.Name),
        Column.Text<InsertProject>("descriptions", w => w.Description),
        Column.Boolean<InsertProject>("enabled", w => w.Enabled));

    public WriteKind Kind => TheKind;
}

/// <summary>A user. Misses when its name is taken in its domain.</summary>
internal sealed record InsertUser(UserId Id, string DomainId, string Name, string PasswordHash, bool Enabled) : IWrite
{
    private const string Sql = """
        insert into user_account (id, domain_id, name, enabled, password_hash)
        select w.id, w.domain_id, w.name, w.enabled, w.password_hash
          from unnest(@ids, @domains, @names, @hashes, @enabled) as w (id, domain_id, name, password_hash, enabled)
            on conflict do nothing
        returning id
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertUser>(
        "insert-user", 114, Sql, w => ("user", w.Id), returns: w => w.Id.Value,
        Column.Uuid<InsertUser>("ids", w => w.Id.Value),
        Column.Text<InsertUser>("domains", w => w.DomainId),
        Column.Text<InsertUser>("names", w => w.Name),
        Column.Text<InsertUser>("hashes", w => w.PasswordHash),
        Column.Boolean<InsertUser>("enabled", w => w.Enabled));

    public WriteKind Kind => TheKind;
}

/// <summary>A user's new password. Misses when there is no such user.</summary>
internal sealed record SetPassword(UserId Id, string PasswordHash) : IWrite
{
    private const string Sql = """
        update user_account
           set password_hash = w.password_hash
          from unnest(@ids, @hashes) as w (id, password_hash)
         where user_account.id = w.id
        returning user_account.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<SetPassword>(
        "set-password", 116, Sql, w => ("user", w.Id), returns: w => w.Id.Value,
        Column.Uuid<SetPassword>("ids", w => w.Id.Value),
        Column.Text<SetPassword>("hashes", w => w.PasswordHash));

    public WriteKind Kind => TheKind;
}

/// <summary>A role's name. The second time changes nothing.</summary>
internal sealed record InsertRole(Guid Id, string Name) : IWrite
{
    private const string Sql = """
        insert into role (id, name)
        select w.id, w.name
          from unnest(@ids, @names) as w (id, name)
            on conflict do nothing
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<InsertRole>(
        "insert-role", 118, Sql,
        Column.Uuid<InsertRole>("ids", w => w.Id),
        Column.Text<InsertRole>("names", w => w.Name));

    public WriteKind Kind => TheKind;
}

/// <summary>Gives a user a role, by its name, on a project, a domain or the system. The second time changes nothing.</summary>
/// <param name="Target">project, domain or system, with the id it has there ('all' for the system).</param>
internal sealed record GrantRole(UserId User, (string Kind, string Id) Target, string Role) : IWrite
{
    private const string Sql = """
        insert into role_assignment (user_id, target_kind, target_id, role_id)
        select w.user_id, w.target_kind, w.target_id, role.id
          from unnest(@users, @kinds, @targets, @roles) as w (user_id, target_kind, target_id, role)
          join role on role.name = w.role
            on conflict do nothing
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<GrantRole>(
        "grant-role", 120, Sql,
        Column.Uuid<GrantRole>("users", w => w.User.Value),
        Column.Text<GrantRole>("kinds", w => w.Target.Kind),
        Column.Text<GrantRole>("targets", w => w.Target.Id),
        Column.Text<GrantRole>("roles", w => w.Role));

    public WriteKind Kind => TheKind;
}

/// <summary>Takes a token back before its end. The second time changes nothing.</summary>
internal sealed record RevokeToken(string AuditId, DateTimeOffset ExpiresAt) : IWrite
{
    private const string Sql = """
        insert into token_revocation (audit_id, expires_at)
        select w.audit_id, w.expires_at
          from unnest(@ids, @ends) as w (audit_id, expires_at)
            on conflict do nothing
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<RevokeToken>(
        "revoke-token", 122, Sql,
        Column.Text<RevokeToken>("ids", w => w.AuditId),
        Column.Time<RevokeToken>("ends", w => w.ExpiresAt));

    public WriteKind Kind => TheKind;
}
