using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Cells.Api;
using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Api.Identity;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cells.IntegrationTests.Api;

/// <summary>The home side of an API cell behind a real listener, over a real database; nothing below it.</summary>
internal sealed class HomeServer : IAsyncDisposable
{
    public const string AdminPassword = "admin password of the tests";

    private readonly ActorSystem _system;
    private readonly Committer _committer;
    private readonly CellDatabase _reads;
    private readonly WebApplication _web;
    private readonly HttpClient _client;
    private string _adminToken = "";

    private HomeServer(TestDatabase database, ActorSystem system, Committer committer, CellDatabase reads, DirectDispatch dispatch, ApiHome home, WebApplication web)
    {
        (Database, _system, _committer, _reads, Dispatch, Home, _web) = (database, system, committer, reads, dispatch, home, web);
        _client = new HttpClient { BaseAddress = new Uri(home.Options.BaseUrl), Timeout = TimeSpan.FromSeconds(60) };
    }

    public TestDatabase Database { get; }
    public ICommitter Committer => _committer;
    public ICellDatabase Reads => _reads;
    public DirectDispatch Dispatch { get; }
    public ApiHome Home { get; }

    /// <summary>Which cells are heard: east-1, unless a test says otherwise.</summary>
    public ToldAges Ages { get; private init; } = null!;

    public string Url => Home.Options.BaseUrl;
    public ProjectId AdminProject { get; private set; }

    /// <summary>A token of user admin in project admin.</summary>
    public string AdminToken => _adminToken;

    public static async Task<HomeServer> StartAsync(IDatabaseGate? gate = null, TimeProvider? time = null)
    {
        gate ??= OpenGate.Instance;
        time ??= TimeProvider.System;
        var database = await TestDatabase.CreateAsync(ApiHome.Sql);
        var system = new ActorSystem("home", new ThreadPoolDispatcher(), TimeProvider.System);
        var ids = new SystemIds();
        var committer = new Committer(system, database.ConnectionString, gate, ids, new CommitterOptions());
        var reads = new CellDatabase(database.ConnectionString, gate);
        var dispatch = new DirectDispatch(committer, time);
        var directory = TestCluster.NewDirectory();
        var options = new HomeOptions($"http://127.0.0.1:{FreePort()}", Path.Combine(directory, "keys"), Path.Combine(directory, "images"));
        var ages = new ToldAges();
        var home = new ApiHome(reads, committer, dispatch, time, ids, options, ages, NullLogger.Instance);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(options.BaseUrl);
        var web = builder.Build();
        web.MapCells(home, []);
        var server = new HomeServer(database, system, committer, reads, dispatch, home, web) { Ages = ages };
        await home.StartAsync(CancellationToken.None);
        server.AdminProject = await new IdentityBootstrap(reads, committer, ids).EnsureAsync(AdminPassword, CancellationToken.None);
        await web.StartAsync();
        server._adminToken = (await server.LogInAsync("admin", AdminPassword, "admin")).Header("X-Subject-Token")!;
        return server;
    }

    public Task<Answer> LogInAsync(string user, string password, string? project)
    {
        var identity = new { methods = new[] { "password" }, password = new { user = new { name = user, domain = new { id = "default" }, password } } };
        object auth = project is null ? new { identity } : new { identity, scope = new { project = new { name = project, domain = new { name = "Default" } } } };
        return SendAsync("POST", "/identity/v3/auth/tokens", Text(new { auth }), token: null);
    }

    /// <summary>
    /// A new project with a user of its own who has that role, and a token of it. Made without passwords, whose hashing takes its time on purpose:
    /// the way through the identity API has its own tests.
    /// </summary>
    public async Task<(string Project, string User, string Token)> NewProjectAsync(string role = "member")
    {
        var (name, domain) = (Guid.NewGuid().ToString("N"), new NamedDomain("default", "Default"));
        var (project, user) = (new ProjectId(Guid.NewGuid()), new UserId(Guid.NewGuid()));
        await Committer.CommitAsync(new Change(
            new InsertProject(project, domain.Id, name, "", Enabled: true), new InsertUser(user, domain.Id, name, "no password", Enabled: true),
            new GrantRole(user, ("project", project.ToString()), role)));
        var now = DateTimeOffset.UtcNow;
        var token = new Token(
            Guid.NewGuid().ToString("N"), ["password"], new NamedUser(user, name, domain), new NamedProject(project, name, domain), null, false,
            [new NamedRole(Guid.NewGuid(), role)], now, now.AddHours(1));
        return (project.ToString(), user.ToString(), Home.Signer.Sign(token));
    }

    public Task<Answer> AdminAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(method, path, body, AdminToken, headers: headers);

    public Task<Answer> SendAsync(
        string method, string path, string? body = null, string? token = null, string mediaType = "application/json", params (string Name, string Value)[] headers) =>
        SendAsync(method, path, body is null ? null : new StringContent(body, Encoding.UTF8, mediaType), token, headers);

    public async Task<Answer> SendAsync(string method, string path, HttpContent? body, string? token, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body };
        if (token is not null)
            request.Headers.Add("X-Auth-Token", token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _client.SendAsync(request);
        var all = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(", ", header.Value));
        return new Answer((int)response.StatusCode, all, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>An active raw image of so many bytes, public, with its id.</summary>
    public async Task<string> NewImageAsync(int bytes = 1_000, string visibility = "public")
    {
        var made = await AdminAsync("POST", "/image/v2/images",
            Text(new { name = $"{Guid.NewGuid():N}", disk_format = "raw", container_format = "bare", visibility }));
        var id = made.Json.GetProperty("id").GetString()!;
        await UploadAsync(id, new byte[bytes], AdminToken);
        return id;
    }

    public async Task<Answer> UploadAsync(string image, byte[] bytes, string token)
    {
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new("application/octet-stream");
        return await SendAsync("PUT", $"/image/v2/images/{image}/file", content, token);
    }

    /// <summary>A public flavor of 1 vCPU, 512 MiB and 10 GiB unless said otherwise, with its id.</summary>
    public async Task<string> NewFlavorAsync(int vcpus = 1, int ram = 512, int disk = 10)
    {
        var made = await AdminAsync("POST", "/compute/v2.1/flavors",
            Text(new { flavor = new { name = $"{Guid.NewGuid():N}", vcpus, ram, disk } }));
        return made.Json.GetProperty("flavor").GetProperty("id").GetString()!;
    }

    /// <param name="more">Further members of the server, such as <c>"min_count": 2</c>.</param>
    public Task<Answer> CreateServerAsync(
        string token, string name, string flavor, string image, string more = "", params (string Name, string Value)[] headers) => SendAsync(
        "POST", "/compute/v2.1/servers",
        Text(new { server = new { name, flavorRef = flavor, imageRef = image } }).Replace("}}", (more.Length == 0 ? "" : ", " + more) + "}}"), token, headers: headers);

    /// <summary>What a compute cell's report leaves here: a copy of its row, of epoch 1, launched in 2026 and old.</summary>
    public Task ReportAsync(
        string id, VmState state, TaskState task = TaskState.None, PowerState power = PowerState.Running, string? fault = null, HostId? host = null, long intent = 1)
    {
        var row = new InstanceRow(
            new InstanceId(Guid.Parse(id)), AdminProject, Epoch: 1, Generation: 3, CellName.Parse("east-1"), host ?? new HostId(Guid.NewGuid()), "h1",
            state, task, power, WorkingIntent: intent, AppliedIntent: intent, Released: false, fault, Step: null,
            LaunchedAt: new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), UpdatedAt: new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return Database.ExecuteAsync($"""
            insert into instance_observed (instance, epoch, generation, applied_intent, deleted, body, change_number)
            values ('{id}', 1, 3, {intent}, false, '{JsonSerializer.Serialize(row, WireJsonContext.Default.InstanceRow).Replace("'", "''")}', 1)
                on conflict (instance) do update set applied_intent = excluded.applied_intent, body = excluded.body
            """);
    }

    public static string Text(object body) => JsonSerializer.Serialize(body);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _web.DisposeAsync();
        Home.Dispose();
        await _system.Terminate();
        await _committer.DisposeAsync();
        await _reads.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(Home.Options.KeyDirectory)!, recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}

/// <summary>What a dispatcher with cells below would have heard.</summary>
internal sealed class ToldAges : ICellAges
{
    public CellAge East1 { get; set; } = new(Silent: false, HeardSecondsAgo: null);

    public Task<IReadOnlyDictionary<CellName, CellAge>> ReadAsync(CancellationToken stop) =>
        Task.FromResult<IReadOnlyDictionary<CellName, CellAge>>(new Dictionary<CellName, CellAge> { [CellName.Parse("east-1")] = East1 });
}
