using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Identity;

/// <summary>Domains, projects, users and roles (Keystone API v3). Admins see and make all of them, others see themselves and their projects.</summary>
internal sealed class Projects(IdentityStore store, ICommitter committer, IIdSource ids, HomeOptions options)
{
    public async Task<ApiResult> ListMineAsync(Token caller, CancellationToken stop) =>
        List("projects", "/auth/projects", await store.ProjectsOfAsync(caller.User.Id, stop), WriteProject);

    public async Task<ApiResult> ListProjectsAsync(Token caller, Query query, CancellationToken stop) => caller.IsAdmin
        ? List("projects", "/projects", await store.ProjectsAsync(query["name"], query["domain_id"], stop), WriteProject)
        : NotAllowed("identity:list_projects");

    public async Task<ApiResult> ShowProjectAsync(Token caller, string id, CancellationToken stop)
    {
        if (await store.FindProjectAsync(new Named(id, null, null, null), stop) is not { } project)
            return caller.IsAdmin ? ApiResult.NotFound($"Could not find project: {id}.") : NotAllowed("identity:get_project");
        return caller.IsAdmin || caller.Project?.Id == project.Project.Id || (await store.RolesAsync(caller.User.Id, ("project", project.Project.Id.ToString()), stop)).Count > 0
            ? One("project", project, WriteProject)
            : NotAllowed("identity:get_project");
    }

    public async Task<ApiResult> ListUsersAsync(Token caller, Query query, CancellationToken stop) => caller.IsAdmin
        ? List("users", "/users", await store.UsersAsync(query["name"], query["domain_id"], stop), WriteUser)
        : NotAllowed("identity:list_users");

    public async Task<ApiResult> ShowUserAsync(Token caller, string id, CancellationToken stop)
    {
        if (!caller.IsAdmin && caller.User.Id.ToString() != id)
            return NotAllowed("identity:get_user");
        return await store.FindUserAsync(new Named(id, null, null, null), stop) is { } user
            ? One("user", user, WriteUser)
            : ApiResult.NotFound($"Could not find user: {id}.");
    }

    public async Task<ApiResult> ListDomainsAsync(Token caller, Query query, CancellationToken stop) => caller.IsAdmin
        ? List("domains", "/domains", await store.DomainsAsync(query["name"], stop), WriteDomain)
        : NotAllowed("identity:list_domains");

    public async Task<ApiResult> ShowDomainAsync(Token caller, string id, CancellationToken stop)
    {
        if (!caller.IsAdmin && caller.User.Domain.Id != id)
            return NotAllowed("identity:get_domain");
        return await store.FindDomainAsync(id, null, stop) is { } domain
            ? One("domain", domain, WriteDomain)
            : ApiResult.NotFound($"Could not find domain: {id}.");
    }

    public async Task<ApiResult> ListRolesAsync(Token caller, Query query, CancellationToken stop) => caller.IsAdmin
        ? List("roles", "/roles", await store.RolesAsync(query["name"], stop), WriteRole)
        : NotAllowed("identity:list_roles");

    /// <summary>201; 409 when the domain has a project of that name. Keystone takes any further member; those that mean nothing here are left out.</summary>
    public async Task<ApiResult> CreateProjectAsync(JsonElement body, CancellationToken stop)
    {
        var problem = new Problem();
        var asked = BodyObject.Root(body, problem).Object("project");
        var (name, description, domainId) = (asked.Text("name", maximum: 64), asked.OptionalText("description", maximum: 4096) ?? "", asked.OptionalText("domain_id") ?? "default");
        var enabled = asked.Boolean("enabled") ?? true;
        if (asked.Boolean("is_domain") == true)
            problem.Note("project.is_domain", "A project that acts as a domain is not possible here.");
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);
        if (await store.FindDomainAsync(domainId, null, stop) is not { } domain)
            return ApiResult.NotFound($"Could not find domain: {domainId}.");
        var project = new StoredProject(new NamedProject(new ProjectId(ids.NewGuid()), name, domain.Domain), description, enabled);
        return await committer.TakeAsync(new InsertProject(project.Project.Id, domainId, name, description, enabled)) is null
            ? One("project", project, WriteProject, 201)
            : ApiResult.Conflict($"Conflict occurred attempting to store project - it is not permitted to have two projects with the same name in the same domain: {name}.");
    }

    /// <summary>201; 409 when the domain has a user of that name.</summary>
    public async Task<ApiResult> CreateUserAsync(JsonElement body, CancellationToken stop)
    {
        var problem = new Problem();
        var asked = BodyObject.Root(body, problem).Object("user");
        var (name, password, domainId) = (asked.Text("name"), asked.Text("password", maximum: 4096), asked.OptionalText("domain_id") ?? "default");
        var enabled = asked.Boolean("enabled") ?? true;
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);
        if (await store.FindDomainAsync(domainId, null, stop) is not { } domain)
            return ApiResult.NotFound($"Could not find domain: {domainId}.");
        var user = new StoredUser(new NamedUser(new UserId(ids.NewGuid()), name, domain.Domain), enabled, PasswordHash.Of(password, ids));
        return await committer.TakeAsync(new InsertUser(user.User.Id, domainId, name, user.PasswordHash, enabled)) is null
            ? One("user", user, WriteUser, 201)
            : ApiResult.Conflict($"Conflict occurred attempting to store user - Duplicate entry found with name {name} at domain ID {domainId}.");
    }

    /// <summary>204, also when the user has the role already.</summary>
    public async Task<ApiResult> GrantOnProjectAsync(string projectId, string userId, string roleId, CancellationToken stop)
    {
        var role = (await store.RolesAsync(name: null, stop)).FirstOrDefault(r => r.Id.ToString("N") == roleId);
        if (role is null)
            return ApiResult.NotFound($"Could not find role: {roleId}.");
        if (await store.FindProjectAsync(new Named(projectId, null, null, null), stop) is not { } project)
            return ApiResult.NotFound($"Could not find project: {projectId}.");
        if (await store.FindUserAsync(new Named(userId, null, null, null), stop) is not { } user)
            return ApiResult.NotFound($"Could not find user: {userId}.");
        await committer.TakeAsync(new GrantRole(user.User.Id, ("project", project.Project.Id.ToString()), role.Name));
        return ApiResult.Empty(204);
    }

    private ApiResult List<T>(string name, string path, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteStartArray(name);
        foreach (var item in items)
            write(w, item);
        w.WriteEndArray();
        w.WriteStartObject("links");
        w.WriteNull("next");
        w.WriteString("self", $"{options.BaseUrl}/identity/v3{path}");
        w.WriteNull("previous");
        w.WriteEndObject();
        w.WriteEndObject();
    });

    private static ApiResult One<T>(string name, T item, Action<Utf8JsonWriter, T> write, int status = 200) => ApiResult.Json(status, w =>
    {
        w.WriteStartObject();
        w.WritePropertyName(name);
        write(w, item);
        w.WriteEndObject();
    });

    private void WriteProject(Utf8JsonWriter w, StoredProject project)
    {
        w.WriteStartObject();
        w.WriteString("id", project.Project.Id.ToString());
        w.WriteString("name", project.Project.Name);
        w.WriteString("domain_id", project.Project.Domain.Id);
        w.WriteString("parent_id", project.Project.Domain.Id);
        w.WriteString("description", project.Description);
        w.WriteBoolean("enabled", project.Enabled);
        w.WriteBoolean("is_domain", false);
        WriteEnd(w, $"/projects/{project.Project.Id}");
    }

    private void WriteUser(Utf8JsonWriter w, StoredUser user)
    {
        w.WriteStartObject();
        w.WriteString("id", user.User.Id.ToString());
        w.WriteString("name", user.User.Name);
        w.WriteString("domain_id", user.User.Domain.Id);
        w.WriteBoolean("enabled", user.Enabled);
        w.WriteNull("password_expires_at");
        WriteEnd(w, $"/users/{user.User.Id}");
    }

    private void WriteDomain(Utf8JsonWriter w, StoredDomain domain)
    {
        w.WriteStartObject();
        w.WriteString("id", domain.Domain.Id);
        w.WriteString("name", domain.Domain.Name);
        w.WriteString("description", domain.Description);
        w.WriteBoolean("enabled", domain.Enabled);
        WriteEnd(w, $"/domains/{domain.Domain.Id}");
    }

    private void WriteRole(Utf8JsonWriter w, NamedRole role)
    {
        w.WriteStartObject();
        w.WriteString("id", role.Id.ToString("N"));
        w.WriteString("name", role.Name);
        w.WriteNull("domain_id");
        WriteEnd(w, $"/roles/{role.Id:N}");
    }

    private void WriteEnd(Utf8JsonWriter w, string path)
    {
        w.WriteStartObject("links");
        w.WriteString("self", $"{options.BaseUrl}/identity/v3{path}");
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static ApiResult NotAllowed(string action) => ApiErrors.NotAllowed(ApiService.Identity, action);
}
