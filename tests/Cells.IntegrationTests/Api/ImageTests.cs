using System.Security.Cryptography;
using Cells.Api.Images;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Glance v2 as clients use it, and tickets for compute cells.</summary>
[NonParallelizable]   // counts the files of the shared home
public sealed class ImageTests
{
    private const string Patch = "application/openstack-images-v2.1-json-patch";

    private static HomeServer Home => SharedHome.Home;

    private string _token = "";
    private string _project = "";

    [SetUp]
    public async Task Begin() => (_project, _, _token) = await Home.NewProjectAsync();

    [Test]
    public async Task An_image_is_queued_then_active_with_its_digests_and_comes_back_as_it_was([Values(0, 1, 511, 1_000_003)] int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        var created = await CreateAsync(new { name = "debian", disk_format = "raw", container_format = "bare", min_disk = 1, os_distro = "debian", tags = new[] { "a" } });
        var id = created.Json.GetProperty("id").GetString()!;
        var empty = await Get($"/{id}/file");
        var uploaded = await Home.UploadAsync(id, bytes, _token);
        var shown = (await Get($"/{id}")).Json;
        var downloaded = await Get($"/{id}/file");

        Assert.That((created.Status, empty.Status, uploaded.Status, downloaded.Status), Is.EqualTo((201, 204, 204, 200)));
        Assert.That(created.Json.GetProperty("status").GetString(), Is.EqualTo("queued"));
        Assert.That(shown.GetProperty("status").GetString(), Is.EqualTo("active"));
        Assert.That(shown.GetProperty("size").GetInt64(), Is.EqualTo(length));
#pragma warning disable CA5351 // Glance's checksum is MD5
        Assert.That(shown.GetProperty("checksum").GetString(), Is.EqualTo(Convert.ToHexStringLower(MD5.HashData(bytes))));
#pragma warning restore CA5351
        Assert.That(shown.GetProperty("os_hash_algo").GetString(), Is.EqualTo("sha512"));
        Assert.That(shown.GetProperty("os_hash_value").GetString(), Is.EqualTo(Convert.ToHexStringLower(SHA512.HashData(bytes))));
        Assert.That(shown.GetProperty("os_distro").GetString(), Is.EqualTo("debian"));
        Assert.That(shown.GetProperty("visibility").GetString(), Is.EqualTo("shared"));
        Assert.That(shown.GetProperty("owner").GetString(), Is.EqualTo(_project));
        Assert.That(shown.GetProperty("file").GetString(), Is.EqualTo($"/v2/images/{id}/file"));
        Assert.That(downloaded.Bytes, Is.EqualTo(bytes));
        Assert.That(downloaded.Header("Content-MD5"), Is.EqualTo(shown.GetProperty("checksum").GetString()));
        var sha256 = await Home.Database.QueryAsync<string>($"select sha256 from image where id = '{id}'");
        Assert.That(sha256.Single(), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }

    [Test]
    public async Task A_second_upload_is_409_and_changes_nothing()
    {
        var id = await NewAsync();
        await Home.UploadAsync(id, [1, 2, 3], _token);

        var second = await Home.UploadAsync(id, [4], _token);

        Assert.That(second.Status, Is.EqualTo(409));
        Assert.That((await Get($"/{id}/file")).Bytes, Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    public async Task An_upload_that_breaks_off_leaves_the_image_queued_and_no_file()
    {
        var id = await NewAsync();
        var before = Directory.GetFiles(Home.Home.Options.ImageDirectory).Length;
        var broken = new BrokenContent();

        Assert.That(async () => await Home.SendAsync("PUT", $"/image/v2/images/{id}/file", broken, _token), Throws.Exception);
        await broken.Gone;
        var again = await UploadOnceFreeAsync(id, [1, 2]);

        Assert.That(again.Status, Is.EqualTo(204));
        Assert.That((await Get($"/{id}")).Json.GetProperty("size").GetInt64(), Is.EqualTo(2));
        Assert.That(Directory.GetFiles(Home.Home.Options.ImageDirectory), Has.Length.EqualTo(before + 1));
    }

    [Test]
    public async Task A_start_removes_files_that_no_image_has_and_keeps_the_others()
    {
        await using var home = await HomeServer.StartAsync();
        var image = await home.NewImageAsync(10);
        var directory = home.Home.Options.ImageDirectory;
        await File.WriteAllTextAsync(Path.Combine(directory, "killed.part"), "x");
        await File.WriteAllTextAsync(Path.Combine(directory, "deleted"), "x");

        await home.Home.StartAsync(CancellationToken.None);

        Assert.That(Directory.GetFiles(directory).Select(Path.GetFileName), Has.Exactly(1).StartsWith(image));
    }

    [TestCase("{\"name\": 7}")]
    [TestCase("{\"visibility\": \"odd\"}")]
    [TestCase("{\"disk_format\": \"floppy\"}")]
    [TestCase("{\"container_format\": \"box\"}")]
    [TestCase("{\"min_disk\": -1}")]
    [TestCase("{\"id\": \"no-uuid\"}")]
    [TestCase("{\"status\": \"active\"}")]
    [TestCase("{\"tags\": \"a\"}")]
    [TestCase("{\"own\": 7}")]
    [TestCase("{\"owner\": \"somebody\"}")]
    [TestCase("[]")]
    public async Task Bodies_that_make_no_sense_are_400(string body) =>
        Assert.That((await Home.SendAsync("POST", "/image/v2/images", body, _token)).Status, Is.EqualTo(400));

    [Test]
    public async Task An_id_may_be_chosen_once()
    {
        var id = Guid.NewGuid().ToString();

        Assert.That((await CreateAsync(new { id })).Json.GetProperty("id").GetString(), Is.EqualTo(id));
        Assert.That((await CreateAsync(new { id })).Status, Is.EqualTo(409));
    }

    [Test]
    public async Task Bytes_need_formats_and_their_media_type()
    {
        var bare = (await CreateAsync(new { name = "x" })).Json.GetProperty("id").GetString()!;

        Assert.That((await Home.UploadAsync(bare, [1], _token)).Status, Is.EqualTo(400));
        Assert.That((await Home.SendAsync("PUT", $"/image/v2/images/{await NewAsync()}/file", "x", _token, "text/plain")).Status, Is.EqualTo(415));
        Assert.That((await Home.UploadAsync(Guid.NewGuid().ToString(), [1], _token)).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_protected_image_is_not_deleted_until_it_is_not_protected()
    {
        var id = (await CreateAsync(new { name = "x", @protected = true })).Json.GetProperty("id").GetString()!;

        var refused = await Delete(id);
        await PatchAsync(id, "[{\"op\": \"replace\", \"path\": \"/protected\", \"value\": false}]");
        var deleted = await Delete(id);

        Assert.That((refused.Status, deleted.Status, (await Delete(id)).Status, (await Get($"/{id}")).Status), Is.EqualTo((403, 204, 404, 404)));
    }

    [Test]
    public async Task Deleting_an_image_deletes_its_bytes()
    {
        var id = await NewAsync();
        await Home.UploadAsync(id, [1], _token);

        await Delete(id);

        Assert.That(Directory.GetFiles(Home.Home.Options.ImageDirectory, id + "*"), Is.Empty);
    }

    [Test]
    public async Task Images_are_seen_by_their_project_unless_they_are_public()
    {
        var own = await NewAsync();
        var other = await Home.NewProjectAsync();
        var open = await Home.NewImageAsync();

        foreach (var (method, path) in new[] { ("GET", ""), ("GET", "/file"), ("DELETE", "") })
            Assert.That((await Home.SendAsync(method, $"/image/v2/images/{own}{path}", token: other.Token)).Status, Is.EqualTo(404), method + path);
        Assert.That((await Home.SendAsync("GET", $"/image/v2/images?id={own}", token: other.Token)).Json.GetProperty("images").GetArrayLength(), Is.Zero);
        Assert.That((await Home.SendAsync("GET", $"/image/v2/images/{open}", token: other.Token)).Status, Is.EqualTo(200));
        Assert.That((await Home.SendAsync("DELETE", $"/image/v2/images/{open}", token: other.Token)).Status, Is.EqualTo(403));
        Assert.That((await CreateAsync(new { visibility = "public" })).Status, Is.EqualTo(403), "only admins publish");
        Assert.That((await PatchAsync(own, "[{\"op\": \"replace\", \"path\": \"/visibility\", \"value\": \"public\"}]")).Status, Is.EqualTo(403));
        var reader = await Home.NewProjectAsync("reader");
        Assert.That((await Home.SendAsync("POST", "/image/v2/images", "{}", reader.Token)).Status, Is.EqualTo(403));
    }

    [Test]
    public async Task Lists_are_filtered_sorted_and_paged()
    {
        foreach (var name in new[] { "b", "a", "c" })
            await CreateAsync(new { name, disk_format = "raw", container_format = "bare", flavour = name == "c" ? "x" : "y", tags = name == "a" ? new[] { "t" } : [] });
        var active = (await ListAsync("name=b")).Images.Single();
        await Home.UploadAsync(active.Id, [1], _token);
        var own = $"owner={_project}";

        Assert.That(Names(await ListAsync($"{own}&sort=name:asc")), Is.EqualTo("a b c"));
        Assert.That(Names(await ListAsync(own)), Is.EqualTo("c a b"));
        Assert.That(Names(await ListAsync($"{own}&sort_key=name&sort_dir=desc")), Is.EqualTo("c b a"));
        Assert.That(Names(await ListAsync($"{own}&status=active")), Is.EqualTo("b"));
        Assert.That(Names(await ListAsync($"{own}&status=queued&sort=name:asc")), Is.EqualTo("a c"));
        Assert.That(Names(await ListAsync($"{own}&name=in:a,c&sort=name:asc")), Is.EqualTo("a c"));
        Assert.That(Names(await ListAsync($"id=in:{active.Id},{Guid.NewGuid()}")), Is.EqualTo("b"));
        Assert.That(Names(await ListAsync($"{own}&flavour=x")), Is.EqualTo("c"));
        Assert.That(Names(await ListAsync($"{own}&tag=t")), Is.EqualTo("a"));
        Assert.That(Names(await ListAsync($"{own}&visibility=public")), Is.Empty);
        Assert.That(Names(await ListAsync($"{own}&os_hidden=true")), Is.Empty);
        Assert.That(Names(await ListAsync($"{own}&protected=true")), Is.Empty);
        var paged = new List<string>();
        for (var page = await ListAsync($"{own}&limit=1&sort=name:asc,created_at:desc"); ; page = await ListAsync(page.Next.Split('?')[1]))
        {
            paged.AddRange(page.Images.Select(image => image.Name));
            if (page.Next.Length == 0)
                break;
        }
        Assert.That(paged, Is.EqualTo(new[] { "a", "b", "c" }));
    }

    [Test]
    public async Task A_patch_changes_what_may_be_changed()
    {
        var id = await NewAsync();

        var patched = await PatchAsync(id, """
            [{"op": "replace", "path": "/name", "value": "new"}, {"op": "add", "path": "/color", "value": "red"}, {"op": "add", "path": "/tags", "value": ["x"]},
             {"op": "replace", "path": "/min_ram", "value": 64}, {"op": "replace", "path": "/disk_format", "value": "iso"}]
            """);
        var removed = await PatchAsync(id, "[{\"op\": \"remove\", \"path\": \"/color\"}]");

        Assert.That(patched.Status, Is.EqualTo(200), patched.ToString());
        Assert.That(patched.Json.GetProperty("name").GetString(), Is.EqualTo("new"));
        Assert.That(patched.Json.GetProperty("color").GetString(), Is.EqualTo("red"));
        Assert.That(patched.Json.GetProperty("tags")[0].GetString(), Is.EqualTo("x"));
        Assert.That(patched.Json.GetProperty("min_ram").GetInt32(), Is.EqualTo(64));
        Assert.That(removed.Json.TryGetProperty("color", out _), Is.False);
        Assert.That((await Get($"/{id}")).Json.GetProperty("disk_format").GetString(), Is.EqualTo("iso"));
    }

    [TestCase("{}", 400)]
    [TestCase("[{\"op\": \"move\", \"path\": \"/name\"}]", 400)]
    [TestCase("[{\"op\": \"replace\", \"path\": \"name\", \"value\": 1}]", 400)]
    [TestCase("[{\"op\": \"replace\", \"path\": \"/a/b\", \"value\": \"1\"}]", 400)]
    [TestCase("[{\"op\": \"replace\", \"path\": \"/name\"}]", 400)]
    [TestCase("[{\"op\": \"replace\", \"path\": \"/name\", \"value\": 1}]", 400)]
    [TestCase("[{\"op\": \"add\", \"path\": \"/own\", \"value\": 1}]", 400)]
    [TestCase("[{\"op\": \"replace\", \"path\": \"/id\", \"value\": \"x\"}]", 403)]
    [TestCase("[{\"op\": \"replace\", \"path\": \"/size\", \"value\": 1}]", 403)]
    [TestCase("[{\"op\": \"remove\", \"path\": \"/name\"}]", 403)]
    [TestCase("[{\"op\": \"remove\", \"path\": \"/absent\"}]", 409)]
    [TestCase("[{\"op\": \"replace\", \"path\": \"/absent\", \"value\": \"x\"}]", 409)]
    public async Task Patches_that_cannot_be_are_refused(string patch, int status)
    {
        var answer = await PatchAsync(await NewAsync(), patch);

        Assert.That(answer.Status, Is.EqualTo(status), answer.ToString());
    }

    [Test]
    public async Task Formats_stay_once_there_are_bytes_and_a_patch_needs_its_media_type()
    {
        var id = await NewAsync();
        await Home.UploadAsync(id, [1], _token);

        Assert.That((await PatchAsync(id, "[{\"op\": \"replace\", \"path\": \"/disk_format\", \"value\": \"iso\"}]")).Status, Is.EqualTo(403));
        Assert.That((await Home.SendAsync("PATCH", $"/image/v2/images/{id}", "[]", _token)).Status, Is.EqualTo(415));
    }

    [Test]
    public async Task Schemas_name_every_member_that_is_shown()
    {
        var schema = (await Home.SendAsync("GET", "/image/v2/schemas/image", token: _token)).Json;
        var list = (await Home.SendAsync("GET", "/image/v2/schemas/images", token: _token)).Json;
        var shown = (await Get($"/{await NewAsync()}")).Json.EnumerateObject().Select(member => member.Name);

        Assert.That(schema.GetProperty("properties").EnumerateObject().Select(member => member.Name), Is.SupersetOf(shown));
        Assert.That(list.GetProperty("properties").GetProperty("images").GetProperty("items").GetProperty("name").GetString(), Is.EqualTo("image"));
    }

    [Test]
    public async Task A_ticket_opens_one_image_for_a_cell_and_ranges_of_it()
    {
        var id = await Home.NewImageAsync(0);
        var image = await NewAsync();
        await Home.UploadAsync(image, [.. Enumerable.Range(0, 100).Select(i => (byte)i)], _token);

        var ticket = await Home.Home.ImageTickets.IssueAsync(new RequestImageTicket(new ImageId(Guid.Parse(image)), CellName.Parse("east-1")), CancellationToken.None);
        var path = new Uri(ticket.Url).AbsolutePath;
        var whole = await Home.SendAsync("GET", path, headers: (ImageTickets.Header, ticket.Ticket));
        var part = await Home.SendAsync("GET", path, headers: [(ImageTickets.Header, ticket.Ticket), ("Range", "bytes=10-19")]);

        Assert.That(ticket.Refusal, Is.Null);
        Assert.That((whole.Status, whole.Bytes.Length), Is.EqualTo((200, 100)));
        Assert.That((part.Status, part.Bytes), Is.EqualTo((206, Enumerable.Range(10, 10).Select(i => (byte)i).ToArray())));
        foreach (var wrong in new[] { null, "", "v1", ticket.Ticket[..^2] + "AA", ticket.Ticket.Replace("east-1", "east-2") })
            Assert.That((await Home.SendAsync("GET", path, headers: wrong is null ? [] : [(ImageTickets.Header, wrong)])).Status, Is.EqualTo(403), wrong);
        Assert.That((await Home.SendAsync("GET", $"/cells/v1/images/{id}/file", headers: (ImageTickets.Header, ticket.Ticket))).Status, Is.EqualTo(403), "another image");
    }

    [Test]
    public async Task A_ticket_ends_after_ten_minutes_and_is_refused_for_what_is_not_there()
    {
        var time = new MovedTime();
        await using var home = await HomeServer.StartAsync(time: time);
        var image = new ImageId(Guid.Parse(await home.NewImageAsync(5)));
        var ticket = await home.Home.ImageTickets.IssueAsync(new RequestImageTicket(image, CellName.Parse("east-1")), CancellationToken.None);
        var path = new Uri(ticket.Url).AbsolutePath;

        var inTime = await home.SendAsync("GET", path, headers: (ImageTickets.Header, ticket.Ticket));
        time.Ahead = TimeSpan.FromMinutes(10);
        var late = await home.SendAsync("GET", path, headers: (ImageTickets.Header, ticket.Ticket));
        var absent = await home.Home.ImageTickets.IssueAsync(new RequestImageTicket(new ImageId(Guid.NewGuid()), CellName.Parse("east-1")), CancellationToken.None);

        Assert.That((inTime.Status, late.Status), Is.EqualTo((200, 403)));
        Assert.That(late.Message, Does.Contain("over"));
        Assert.That(absent, Has.Property("Refusal").Contains("not here").And.Property("Ticket").Empty);
    }

    private Task<Answer> CreateAsync(object body) => Home.SendAsync("POST", "/image/v2/images", HomeServer.Text(body), _token);

    private async Task<string> NewAsync() => (await CreateAsync(new { name = "x", disk_format = "raw", container_format = "bare" })).Json.GetProperty("id").GetString()!;

    private Task<Answer> Get(string path) => Home.SendAsync("GET", "/image/v2/images" + path, token: _token);

    private Task<Answer> Delete(string id) => Home.SendAsync("DELETE", $"/image/v2/images/{id}", token: _token);

    private Task<Answer> PatchAsync(string id, string patch) => Home.SendAsync("PATCH", $"/image/v2/images/{id}", patch, _token, Patch);

    private async Task<(List<(string Id, string Name)> Images, string Next)> ListAsync(string query)
    {
        var answer = await Get("?" + query);
        Assert.That(answer.Status, Is.EqualTo(200), answer.ToString());
        return ([.. answer.Json.GetProperty("images").EnumerateArray().Select(image => (image.GetProperty("id").GetString()!, image.GetProperty("name").GetString()!))],
            answer.Json.TryGetProperty("next", out var next) ? next.GetString()! : "");
    }

    private static string Names((List<(string Id, string Name)> Images, string Next) list) => string.Join(' ', list.Images.Select(image => image.Name));

    // The server notices that a sender is gone a moment after the sender is: until then it still receives, and says so with 409.
    private async Task<Answer> UploadOnceFreeAsync(string id, byte[] bytes)
    {
        var patience = Task.Delay(TimeSpan.FromSeconds(30));
        while (true)
        {
            var answer = await Home.UploadAsync(id, bytes, _token);
            if (answer.Status != 409 || patience.IsCompleted)
                return answer;
        }
    }

    /// <summary>Sends half of what it announces, and goes away.</summary>
    private sealed class BrokenContent : HttpContent
    {
        private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public BrokenContent() => Headers.ContentType = new("application/octet-stream");

        public Task Gone => _gone.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(new byte[1_000]);
            await stream.FlushAsync();
            _gone.SetResult();
            throw new IOException("test: the sender goes away");
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 100_000;
            return true;
        }
    }

    private sealed class MovedTime : TimeProvider
    {
        public TimeSpan Ahead { get; set; }
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
    }
}
