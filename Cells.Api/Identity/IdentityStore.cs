using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Identity;

internal sealed record StoredUser(NamedUser User, bool Enabled, string PasswordHash);

internal sealed record StoredProject(NamedProject Project, string Description, bool Enabled);

internal sealed record StoredDomain(NamedDomain Domain, string Description, bool Enabled);

/// <summary>How a request names a user or project: by its id, or by its name in a domain (by id or name).</summary>
internal sealed record Named(string? Id, string? Name, string? DomainId, string? DomainName);

/// <summary>Reads of who is who.</summary>
internal sealed class IdentityStore(ICellDatabase database)
{
    private const string UserColumns = """
        select u.id, u.name, d.id, d.name, u.enabled and d.enabled, u.password_hash
          from user_account as u
          join domain as d on d.id = u.domain_id
        """;

    private const string ProjectColumns = """
        select p.id, p.name, d.id, d.name, p.description, p.enabled and d.enabled
          from project as p
          join domain as d on d.id = p.domain_id
        """;

    private const string DomainColumns = """
        select d.id, d.name, d.description, d.enabled
          from domain as d
        """;

    public Task<StoredUser?> FindUserAsync(Named named, CancellationToken stop) => database.OneAsync("user", $"""
        {UserColumns}
         where (u.id = @id or (u.name = @name and (d.id = @domain_id or d.name = @domain_name)))
        """, Parameters(named), ToUser, stop);

    public Task<StoredProject?> FindProjectAsync(Named named, CancellationToken stop) => database.OneAsync("project", $"""
        {ProjectColumns}
         where (p.id = @id or (p.name = @name and (d.id = @domain_id or d.name = @domain_name)))
        """, Parameters(named), ToProject, stop);

    public Task<StoredDomain?> FindDomainAsync(string? id, string? name, CancellationToken stop) => database.OneAsync("domain", $"""
        {DomainColumns}
         where d.id = @id or d.name = @name
        """, [Reads.Text("id", id), Reads.Text("name", name)], ToDomain, stop);

    public Task<IReadOnlyList<NamedRole>> RolesAsync(UserId user, (string Kind, string Id) target, CancellationToken stop) => database.ListAsync(
        "roles of a user", """
        select role.id, role.name
          from role_assignment as a
          join role on role.id = a.role_id
         where a.user_id = @user
           and a.target_kind = @kind
           and a.target_id = @target
         order by role.name
        """, [Reads.Uuid("user", user.Value), Reads.Text("kind", target.Kind), Reads.Text("target", target.Id)],
        row => new NamedRole(row.GetGuid(0), row.GetString(1)), stop);

    public Task<IReadOnlyList<StoredProject>> ProjectsOfAsync(UserId user, CancellationToken stop) => database.ListAsync("projects of a user", $"""
        {ProjectColumns}
         where exists (
               select 1
                 from role_assignment as a
                where a.user_id = @user
                  and a.target_kind = 'project'
                  and a.target_id = replace(p.id::text, '-', ''))
         order by p.name, p.id
        """, [Reads.Uuid("user", user.Value)], ToProject, stop);

    /// <param name="name">Null for all of them; so is <paramref name="domainId"/>.</param>
    public Task<IReadOnlyList<StoredProject>> ProjectsAsync(string? name, string? domainId, CancellationToken stop) => database.ListAsync("projects", $"""
        {ProjectColumns}
         where (@name is null or p.name = @name)
           and (@domain is null or d.id = @domain)
         order by p.name, p.id
        """, [Reads.Text("name", name), Reads.Text("domain", domainId)], ToProject, stop);

    public Task<IReadOnlyList<StoredUser>> UsersAsync(string? name, string? domainId, CancellationToken stop) => database.ListAsync("users", $"""
        {UserColumns}
         where (@name is null or u.name = @name)
           and (@domain is null or d.id = @domain)
         order by u.name, u.id
        """, [Reads.Text("name", name), Reads.Text("domain", domainId)], ToUser, stop);

    public Task<IReadOnlyList<StoredDomain>> DomainsAsync(string? name, CancellationToken stop) => database.ListAsync("domains", $"""
        {DomainColumns}
         where @name is null or d.name = @name
         order by d.name
        """, [Reads.Text("name", name)], ToDomain, stop);

    public Task<IReadOnlyList<NamedRole>> RolesAsync(string? name, CancellationToken stop) => database.ListAsync("roles", """
        select role.id, role.name
          from role
         where @name is null or role.name = @name
         order by role.name
        """, [Reads.Text("name", name)], row => new NamedRole(row.GetGuid(0), row.GetString(1)), stop);

    private static NpgsqlParameter[] Parameters(Named named) =>
    [
        Reads.Uuid("id", Guid.TryParse(named.Id, out var id) ? id : null),
        Reads.Text("name", named.Name),
        Reads.Text("domain_id", named.DomainId),
        Reads.Text("domain_name", named.DomainName),
    ];

    private static StoredUser ToUser(NpgsqlDataReader row) => new(
        new NamedUser(new UserId(row.GetGuid(0)), row.GetString(1), new NamedDomain(row.GetString(2), row.GetString(3))),
        row.GetBoolean(4), row.GetString(5));

    private static StoredProject ToProject(NpgsqlDataReader row) => new(
        new NamedProject(new ProjectId(row.GetGuid(0)), row.GetString(1), new NamedDomain(row.GetString(2), row.GetString(3))),
        row.GetString(4), row.GetBoolean(5));

    private static StoredDomain ToDomain(NpgsqlDataReader row) => new(
        new NamedDomain(row.GetString(0), row.GetString(1)), row.GetString(2), row.GetBoolean(3));
}
