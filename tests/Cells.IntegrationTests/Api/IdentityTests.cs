using System.Runtime.Versioning;
using System.Text.Json;
using Cells.Api.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Keystone v3 as clients use it (nova-api, section 5).</summary>
public sealed class IdentityTests
{
    private static HomeServer Home => SharedHome.Home;

    [Test]
    public async Task A_password_gives_a_token_that_says_who_where_and_what_there_is()
    {
        var answer = await Home.LogInAsync("admin", HomeServer.AdminPassword, "admin");
        var token = answer.Json.GetProperty("token");

        Assert.That(answer.Status, Is.EqualTo(201));
        Assert.That(answer.Header("X-Subject-Token"), Does.StartWith("eyJ"));
        Assert.That(token.GetProperty("methods")[0].GetString(), Is.EqualTo("password"));
        Assert.That(token.GetProperty("user").GetProperty("name").GetString(), Is.EqualTo("admin"));
        Assert.That(token.GetProperty("user").GetProperty("domain").GetProperty("name").GetString(), Is.EqualTo("Default"));
        Assert.That(token.GetProperty("project").GetProperty("id").GetString(), Is.EqualTo(Home.AdminProject.ToString()));
        Assert.That(token.GetProperty("is_domain").GetBoolean(), Is.False);
        Assert.That(token.GetProperty("roles")[0].GetProperty("name").GetString(), Is.EqualTo("admin"));
        Assert.That(token.GetProperty("audit_ids").GetArrayLength(), Is.EqualTo(1));
        var (issued, expires) = (token.GetProperty("issued_at").GetDateTimeOffset(), token.GetProperty("expires_at").GetDateTimeOffset());
        Assert.That(expires - issued, Is.EqualTo(TimeSpan.FromHours(1)));
        Assert.That(
            token.GetProperty("catalog").EnumerateArray().ToDictionary(service => service.GetProperty("type").GetString()!, PublicUrl),
            Is.EqualTo(new Dictionary<string, string>
            {
                ["identity"] = $"{Home.Url}/identity", ["image"] = $"{Home.Url}/image", ["compute"] = $"{Home.Url}/compute/v2.1", ["network"] = $"{Home.Url}/network", ["cells"] = $"{Home.Url}/cells/v1",
            }));
    }

    [Test]
    public async Task Wrong_names_and_passwords_are_the_same_401()
    {
        foreach (var (user, password, project) in new[]
            { ("admin", "wrong", "admin"), ("nobody", HomeServer.AdminPassword, "admin"), ("admin", HomeServer.AdminPassword, "no-such-project") })
        {
            var answer = await Home.LogInAsync(user, password, project);

            Assert.That(answer.Status, Is.EqualTo(401));
            Assert.That(answer.Json.GetProperty("error").GetProperty("title").GetString(), Is.EqualTo("Unauthorized"));
            Assert.That(answer.Message, Is.EqualTo("The request you have made requires authentication."));
        }
    }

    [TestCase("{}")]
    [TestCase("{\"auth\": {\"identity\": {\"methods\": []}}}")]
    [TestCase("{\"auth\": {\"identity\": {\"methods\": [\"password\"]}}}")]
    [TestCase("{\"auth\": {\"identity\": {\"methods\": [\"password\"], \"password\": {\"user\": {\"name\": \"admin\", \"password\": \"x\"}}}}}")]
    [TestCase("{\"auth\": {\"identity\": {\"methods\": [\"token\"], \"token\": {}}}}")]
    public async Task Bodies_that_do_not_say_who_are_400(string body) =>
        Assert.That((await Home.SendAsync("POST", "/identity/v3/auth/tokens", body)).Status, Is.EqualTo(400));

    [Test]
    public async Task An_unknown_method_is_401() => Assert.That(
        (await Home.SendAsync("POST", "/identity/v3/auth/tokens", "{\"auth\": {\"identity\": {\"methods\": [\"totp\"]}}}")).Status, Is.EqualTo(401));

    [Test]
    public async Task A_project_a_user_and_a_role_made_by_an_admin_can_log_in()
    {
        var name = Guid.NewGuid().ToString("N");
        var project = (await Home.AdminAsync("POST", "/identity/v3/projects", HomeServer.Text(new { project = new { name, description = "tests" } }))).Json.GetProperty("project");
        var user = (await Home.AdminAsync("POST", "/identity/v3/users", HomeServer.Text(new { user = new { name, password = "secret" } }))).Json.GetProperty("user");
        var (projectId, userId) = (project.GetProperty("id").GetString(), user.GetProperty("id").GetString());
        var role = (await Home.AdminAsync("GET", "/identity/v3/roles?name=member")).Json.GetProperty("roles")[0].GetProperty("id").GetString();
        var before = await Home.LogInAsync(name, "secret", name);
        var granted = await Home.AdminAsync("PUT", $"/identity/v3/projects/{projectId}/users/{userId}/roles/{role}");
        var after = await Home.LogInAsync(name, "secret", name);
        var token = after.Header("X-Subject-Token");

        Assert.That((before.Status, granted.Status, after.Status), Is.EqualTo((401, 204, 201)));
        Assert.That(after.Json.GetProperty("token").GetProperty("roles")[0].GetProperty("name").GetString(), Is.EqualTo("member"));
        Assert.That((await Home.SendAsync("GET", "/identity/v3/auth/projects", token: token)).Json.GetProperty("projects")[0].GetProperty("id").GetString(), Is.EqualTo(projectId));
        Assert.That((await Home.SendAsync("GET", $"/identity/v3/projects/{projectId}", token: token)).Json.GetProperty("project").GetProperty("description").GetString(), Is.EqualTo("tests"));
        Assert.That((await Home.SendAsync("GET", $"/identity/v3/users/{userId}", token: token)).Json.GetProperty("user").GetProperty("name").GetString(), Is.EqualTo(name));
        Assert.That((await Home.SendAsync("GET", "/identity/v3/domains/default", token: token)).Json.GetProperty("domain").GetProperty("name").GetString(), Is.EqualTo("Default"));
        foreach (var path in new[] { "/projects", "/users", "/domains", "/roles", $"/projects/{Home.AdminProject}", $"/users/{Home.AdminProject}", "/domains/other" })
            Assert.That((await Home.SendAsync("GET", "/identity/v3" + path, token: token)).Status, Is.EqualTo(403), path);
        Assert.That((await Home.SendAsync("POST", "/identity/v3/projects", HomeServer.Text(new { project = new { name = "x" } }), token)).Status, Is.EqualTo(403));
    }

    [Test]
    public async Task What_is_made_disabled_gives_no_tokens()
    {
        var name = Guid.NewGuid().ToString("N");
        var project = (await Home.AdminAsync("POST", "/identity/v3/projects", HomeServer.Text(new { project = new { name, enabled = false } }))).Json.GetProperty("project");
        var user = (await Home.AdminAsync("POST", "/identity/v3/users", HomeServer.Text(new { user = new { name, password = "secret", enabled = false } }))).Json.GetProperty("user");

        var byUser = await Home.LogInAsync(name, "secret", project: null);
        await Home.Database.ExecuteAsync($"""
            insert into role_assignment (user_id, target_kind, target_id, role_id)
            select u.id, 'project', '{project.GetProperty("id").GetString()}', role.id from user_account as u, role where u.name = 'admin' and role.name = 'admin'
            """);
        var inProject = await Home.LogInAsync("admin", HomeServer.AdminPassword, name);

        Assert.That((project.GetProperty("enabled").GetBoolean(), user.GetProperty("enabled").GetBoolean()), Is.EqualTo((false, false)));
        Assert.That((byUser.Status, inProject.Status), Is.EqualTo((401, 401)));
    }

    [Test]
    public async Task Names_that_are_taken_are_409_and_things_that_are_not_there_404()
    {
        Assert.That((await Home.AdminAsync("POST", "/identity/v3/projects", HomeServer.Text(new { project = new { name = "admin" } }))).Status, Is.EqualTo(409));
        Assert.That((await Home.AdminAsync("POST", "/identity/v3/users", HomeServer.Text(new { user = new { name = "admin", password = "x" } }))).Status, Is.EqualTo(409));
        Assert.That((await Home.AdminAsync("POST", "/identity/v3/projects", HomeServer.Text(new { project = new { name = "x", domain_id = "none" } }))).Status, Is.EqualTo(404));
        Assert.That((await Home.AdminAsync("POST", "/identity/v3/projects", HomeServer.Text(new { project = new { name = "" } }))).Status, Is.EqualTo(400));
        foreach (var path in new[] { $"/projects/{Guid.NewGuid():N}", "/projects/none", $"/users/{Guid.NewGuid():N}", "/domains/none" })
            Assert.That((await Home.AdminAsync("GET", "/identity/v3" + path)).Status, Is.EqualTo(404), path);
        Assert.That((await Home.AdminAsync("PUT", $"/identity/v3/projects/{Home.AdminProject}/users/x/roles/y")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_token_gives_a_token_of_another_scope_with_the_same_end()
    {
        var first = await Home.LogInAsync("admin", HomeServer.AdminPassword, project: null);
        var id = first.Header("X-Subject-Token")!;
        object Ask(object scope) => new { auth = new { identity = new { methods = new[] { "token" }, token = new { id } }, scope } };

        var project = await Home.SendAsync("POST", "/identity/v3/auth/tokens", HomeServer.Text(Ask(new { project = new { id = Home.AdminProject.ToString() } })));
        var system = await Home.SendAsync("POST", "/identity/v3/auth/tokens", HomeServer.Text(Ask(new { system = new { all = true } })));
        var domain = await Home.SendAsync("POST", "/identity/v3/auth/tokens", HomeServer.Text(Ask(new { domain = new { id = "default" } })));

        Assert.That(first.Json.GetProperty("token").TryGetProperty("roles", out _), Is.False);
        Assert.That(first.Json.GetProperty("token").TryGetProperty("catalog", out _), Is.False);
        Assert.That((project.Status, system.Status, domain.Status), Is.EqualTo((201, 201, 401)), "admin has no role on the domain itself");
        Assert.That(project.Json.GetProperty("token").GetProperty("methods").EnumerateArray().Select(method => method.GetString()), Is.EqualTo(new[] { "token", "password" }));
        Assert.That(project.Json.GetProperty("token").GetProperty("expires_at").GetString(), Is.EqualTo(first.Json.GetProperty("token").GetProperty("expires_at").GetString()));
        Assert.That(system.Json.GetProperty("token").GetProperty("system").GetProperty("all").GetBoolean(), Is.True);
    }

    [Test]
    public async Task Tokens_are_shown_to_their_users_and_to_admins()
    {
        var (mine, other) = ((await Home.NewProjectAsync()).Token, (await Home.NewProjectAsync()).Token);

        var own = await Home.SendAsync("GET", "/identity/v3/auth/tokens", token: mine, headers: ("X-Subject-Token", mine));
        var byAdmin = await Home.AdminAsync("GET", "/identity/v3/auth/tokens", null, ("X-Subject-Token", mine));
        var byOther = await Home.SendAsync("GET", "/identity/v3/auth/tokens", token: other, headers: ("X-Subject-Token", mine));
        var unknown = await Home.AdminAsync("GET", "/identity/v3/auth/tokens", null, ("X-Subject-Token", "unknown"));
        var none = await Home.AdminAsync("GET", "/identity/v3/auth/tokens");

        Assert.That((own.Status, byAdmin.Status, byOther.Status, unknown.Status, none.Status), Is.EqualTo((200, 200, 403, 404, 400)));
        Assert.That(own.Header("X-Subject-Token"), Is.EqualTo(mine));
        Assert.That(own.Json.GetProperty("token").GetProperty("roles")[0].GetProperty("name").GetString(), Is.EqualTo("member"));
    }

    [Test]
    public async Task A_revoked_token_is_refused_at_once_and_by_a_node_that_starts_later()
    {
        var token = (await Home.LogInAsync("admin", HomeServer.AdminPassword, "admin")).Header("X-Subject-Token")!;
        var before = await Home.SendAsync("GET", "/compute/v2.1/limits", token: token);

        var revoked = await Home.SendAsync("DELETE", "/identity/v3/auth/tokens", token: token, headers: ("X-Subject-Token", token));
        var after = await Home.SendAsync("GET", "/compute/v2.1/limits", token: token);
        await using var later = new SecondNode(Home);

        Assert.That((before.Status, revoked.Status, after.Status), Is.EqualTo((200, 204, 401)));
        Assert.That(await later.Home.Tokens.VerifyAsync(token, CancellationToken.None), Is.Null);
        Assert.That((await later.Home.Tokens.VerifyAsync(Home.AdminToken, CancellationToken.None))!.User.Name, Is.EqualTo("admin"), "the same key, the same tokens");
    }

    [Test]
    public async Task The_catalog_is_shown_by_itself()
    {
        var answer = await Home.AdminAsync("GET", "/identity/v3/auth/catalog");

        Assert.That(answer.Json.GetProperty("catalog").EnumerateArray().Select(service => service.GetProperty("type").GetString()),
            Is.EqualTo(new[] { "identity", "image", "compute", "network", "cells" }));
    }

    [Test]
    [UnsupportedOSPlatform("windows")]
    public async Task Passwords_are_not_in_the_database_nor_keys()
    {
        var hashes = await Home.Database.QueryAsync<string>("select password_hash from user_account where name = 'admin'");
        var key = Path.Combine(Home.Home.Options.KeyDirectory, "token-signing.pem");

        Assert.That(hashes.Single(), Does.StartWith("pbkdf2-sha512$210000$").And.Not.Contain(HomeServer.AdminPassword));
        Assert.That(File.GetUnixFileMode(key), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(await File.ReadAllTextAsync(key), Does.StartWith("-----BEGIN PRIVATE KEY-----"));
    }

    [Test]
    [UnsupportedOSPlatform("windows")]
    public void A_key_that_others_may_read_is_refused()
    {
        var directory = Directory.CreateTempSubdirectory("cells-test-keys").FullName;
        using (new TokenSigner(directory, NullLogger.Instance)) { }
        var key = Path.Combine(directory, "token-signing.pem");
        File.SetUnixFileMode(key, File.GetUnixFileMode(key) | UnixFileMode.GroupRead);

        Assert.That(() => new TokenSigner(directory, NullLogger.Instance), Throws.TypeOf<Cells.Contracts.CellsException>().With.Message.Contains("mode 640"));
        Directory.Delete(directory, recursive: true);
    }

    [Test]
    public async Task The_bootstrap_may_run_again_and_sets_the_password_it_is_given()
    {
        await using var home = await HomeServer.StartAsync();
        var bootstrap = new IdentityBootstrap(home.Reads, home.Committer, new Cells.Contracts.SystemIds());

        var project = await bootstrap.EnsureAsync("another", CancellationToken.None);

        Assert.That(project, Is.EqualTo(home.AdminProject));
        Assert.That((await home.LogInAsync("admin", "another", "admin")).Status, Is.EqualTo(201));
        Assert.That((await home.LogInAsync("admin", HomeServer.AdminPassword, "admin")).Status, Is.EqualTo(401));
    }

    private static string PublicUrl(JsonElement service) =>
        service.GetProperty("endpoints").EnumerateArray().Single(endpoint => endpoint.GetProperty("interface").GetString() == "public").GetProperty("url").GetString()!;
}
