using System.Security.Cryptography;
using System.Text.Json;
using Cells.Api.Images;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>createImage and createBackup over real HTTP, and what becomes of the image: bytes that its server's cell brings, or none.</summary>
public sealed class SnapshotApiTests
{
    private static readonly CellName East1 = CellName.Parse("east-1");

    private static HomeServer Home => SharedHome.Home;

    private string _token = "", _id = "", _base = "", _project = "";

    private InstanceId Instance => new(Guid.Parse(_id));

    [SetUp]
    public async Task Begin()
    {
        (_project, _, _token) = await Home.NewProjectAsync();
        _base = await Home.NewImageAsync();
        var created = await Home.CreateServerAsync(_token, "web", await Home.NewFlavorAsync(), _base);
        _id = created.Json.GetProperty("server").GetProperty("id").GetString()!;
    }

    [Test]
    public async Task An_accepted_image_is_there_queued_private_and_says_of_what_it_is_made()
    {
        await Home.ReportAsync(_id, VmState.Active);

        var old = await ActAsync("""{"createImage": {"name": "first", "metadata": {"purpose": "test"}}}""");
        var image = await ShowAsync(old.Header("Location")!.Split('/')[^1]);
        var busy = await ActAsync("""{"createImage": {"name": "second"}}""");

        Assert.That((old.Status, old.Bytes.Length), Is.EqualTo((202, 0)), old.ToString());
        Assert.That(Text(image, "status"), Is.EqualTo("queued"));
        Assert.That((Text(image, "name"), Text(image, "visibility"), Text(image, "owner"), Text(image, "disk_format")), Is.EqualTo(("first", "private", _project, "raw")));
        Assert.That((Text(image, "image_type"), Text(image, "instance_uuid"), Text(image, "base_image_ref"), Text(image, "purpose")), Is.EqualTo(("snapshot", _id, _base, "test")));
        Assert.That(image.GetProperty("min_disk").GetInt32(), Is.EqualTo(10));
        Assert.That((busy.Status, busy.Message), Is.EqualTo((409, $"Cannot 'createImage' instance {_id} while it is in task_state image_snapshot_pending")));
        var server = (await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}", null, _token)).Json.GetProperty("server");
        Assert.That((Text(server, "status"), Text(server, "OS-EXT-STS:task_state")), Is.EqualTo(("ACTIVE", "image_snapshot_pending")));
    }

    [Test]
    public async Task From_2_45_the_id_is_in_the_body()
    {
        await Home.ReportAsync(_id, VmState.Stopped);

        var answer = await ActAsync("""{"createImage": {"name": "first"}}""", "2.45");

        Assert.That((answer.Status, answer.Header("Location")), Is.EqualTo((202, (string?)null)));
        Assert.That(Text(await ShowAsync(Text(answer.Json, "image_id")!), "name"), Is.EqualTo("first"));
    }

    [Test]
    public async Task What_an_image_has_of_its_own_is_no_property_of_it()
    {
        await Home.ReportAsync(_id, VmState.Active);

        var made = await ActAsync("""{"createImage": {"name": "first", "metadata": {"id": "x", "owner": "x", "visibility": "public", "min_disk": "9", "tags": "x", "size": "1", "kept": "y"}}}""");
        var image = await ShowAsync(made.Header("Location")!.Split('/')[^1]);

        Assert.That(image.EnumerateObject().Select(member => member.Name), Is.Unique);
        Assert.That((Text(image, "visibility"), Text(image, "owner"), image.GetProperty("min_disk").GetInt32(), Text(image, "kept")), Is.EqualTo(("private", _project, 10, "y")));
    }

    [TestCase("""{"createImage": {}}""", VmState.Active, 400)]
    [TestCase("""{"createImage": {"name": ""}}""", VmState.Active, 400)]
    [TestCase("""{"createImage": {"name": "x", "metadata": {"a": 1}}}""", VmState.Active, 400)]
    [TestCase("""{"createImage": {"name": "x", "size": 1}}""", VmState.Active, 400)]
    [TestCase("""{"createBackup": {"name": "x", "backup_type": "daily"}}""", VmState.Active, 400)]
    [TestCase("""{"createBackup": {"name": "x", "backup_type": "daily", "rotation": -1}}""", VmState.Active, 400)]
    [TestCase("""{"createImage": {"name": "x"}}""", VmState.Error, 409)]
    [TestCase("""{"createBackup": {"name": "x", "backup_type": "daily", "rotation": 1}}""", VmState.Rescued, 409)]
    public async Task What_cannot_be_asked_leaves_no_image(string body, VmState state, int status)
    {
        await Home.ReportAsync(_id, state);

        Assert.That((await ActAsync(body)).Status, Is.EqualTo(status));

        Assert.That((await Home.SendAsync("GET", "/image/v2/images?visibility=private", null, _token)).Json.GetProperty("images").GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Only_the_cell_that_holds_the_server_brings_the_bytes_and_only_with_their_digest()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var image = await AcceptedAsync();
        var bytes = RandomNumberGenerator.GetBytes(700_001);

        var foreign = await TicketAsync(image, CellName.Parse("west-1"));
        var toRead = await Home.Home.ImageTickets.IssueAsync(new RequestImageTicket(image, East1), CancellationToken.None);
        var ticket = await TicketAsync(image, East1);
        var byOwner = await Home.UploadAsync(image.ToString(), bytes, _token);
        var damaged = await SendAsync(image, ticket, [.. bytes, .. new byte[32]]);
        var short32 = await SendAsync(image, ticket, new byte[31]);
        var unsigned = await SendAsync(image, ticket with { Ticket = ticket.Ticket.Replace("w1.", "v1.", StringComparison.Ordinal) }, bytes);
        var queued = Text(await ShowAsync(image.ToString()), "status");
        var stored = await SendAsync(image, ticket, [.. bytes, .. SHA256.HashData(bytes)]);
        var again = await SendAsync(image, ticket, [.. bytes, .. SHA256.HashData(bytes)]);

        Assert.That(foreign.Refusal, Is.EqualTo($"Image {image} is of server {_id}, which cell west-1 does not hold."));
        Assert.That(toRead.Refusal, Does.Contain("has no bytes"));
        Assert.That((ticket.Refusal, ticket.ToWrite, ticket.Stored), Is.EqualTo(((string?)null, true, false)));
        Assert.That((byOwner.Status, damaged.Status, short32.Status, unsigned.Status, queued), Is.EqualTo((409, 400, 400, 403, "queued")));
        Assert.That((stored.Status, again.Status), Is.EqualTo((204, 204)));
        var active = await ShowAsync(image.ToString());
        Assert.That((Text(active, "status"), active.GetProperty("size").GetInt64(), Text(active, "os_hash_value")),
            Is.EqualTo(("active", (long)bytes.Length, Convert.ToHexStringLower(SHA512.HashData(bytes)))));
        Assert.That((await Home.SendAsync("GET", $"/image/v2/images/{image}/file", null, _token)).Bytes, Is.EqualTo(bytes));
        Assert.That((await TicketAsync(image, East1)).Stored, Is.True);
    }

    [Test]
    public async Task A_failed_or_outranked_action_takes_its_image_with_it_and_a_done_one_leaves_it()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var failed = await AcceptedAsync();
        await EndAsync(2, ActionOutcome.Failed);
        await CatchUpAsync(2);
        var outranked = await AcceptedAsync();
        await CommitAsync([.. new HomeIntents().Terminated(Instance, DateTimeOffset.UtcNow)]);

        Assert.That((await Home.SendAsync("GET", $"/image/v2/images/{failed}", null, _token)).Status, Is.EqualTo(404));
        Assert.That((await Home.SendAsync("GET", $"/image/v2/images/{outranked}", null, _token)).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task An_image_deleted_meanwhile_is_refused_to_its_cell()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var image = await AcceptedAsync();
        var ticket = await TicketAsync(image, East1);
        Assert.That((await Home.SendAsync("DELETE", $"/image/v2/images/{image}", null, _token)).Status, Is.EqualTo(204));

        var late = await SendAsync(image, ticket, [1, .. SHA256.HashData([1])]);

        Assert.That(late.Status, Is.EqualTo(404));
        Assert.That((await TicketAsync(image, East1)).Refusal, Is.EqualTo($"Image {image} is not here any more."));
    }

    [Test]
    public async Task Of_backups_the_newest_of_each_type_stay()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var made = new List<ImageId>();
        foreach (var (name, type, number) in new[] { ("a", "daily", 2), ("b", "weekly", 3), ("c", "daily", 4), ("d", "daily", 5) })
        {
            var answer = await ActAsync($$$"""{"createBackup": {"name": "{{{name}}}", "backup_type": "{{{type}}}", "rotation": 2}}""", "2.45");
            Assert.That(answer.Status, Is.EqualTo(202), answer.ToString());
            made.Add(new ImageId(Guid.Parse(Text(answer.Json, "image_id")!)));
            Assert.That((await SendAsync(made[^1], await TicketAsync(made[^1], East1), [(byte)number, .. SHA256.HashData([(byte)number])])).Status, Is.EqualTo(204));
            await EndAsync(number, ActionOutcome.Done);
            await CatchUpAsync(number);
        }

        var left = (await Home.SendAsync("GET", "/image/v2/images?visibility=private&sort=name:asc", null, _token)).Json.GetProperty("images").EnumerateArray().Select(i => Text(i, "name"));

        Assert.That(left, Is.EqualTo(new[] { "b", "c", "d" }));
    }

    private async Task<ImageId> AcceptedAsync()
    {
        var answer = await ActAsync("""{"createImage": {"name": "made"}}""", "2.45");
        Assert.That(answer.Status, Is.EqualTo(202), answer.ToString());
        return new ImageId(Guid.Parse(Text(answer.Json, "image_id")!));
    }

    private Task EndAsync(long intent, ActionOutcome outcome) => CommitAsync([.. new HomeIntents().Acted(new InstanceActed(
        Instance, 1, intent, outcome, outcome == ActionOutcome.Done ? null : "why", "h1", DateTimeOffset.UtcNow, DateTimeOffset.UtcNow))]);

    /// <summary>As the next report would: the intent is carried out.</summary>
    private Task CatchUpAsync(long intent) => Home.Database.ExecuteAsync(
        $"update instance_observed set body = jsonb_set(body::jsonb, '{{applied_intent}}', '{intent}')::json, applied_intent = {intent} where instance = '{_id}'");

    private static async Task CommitAsync(IReadOnlyList<IWrite> writes) =>
        Assert.That(await Home.Committer.CommitAsync(new Change(writes)), Is.InstanceOf<CommitOutcome.Committed>());

    private static Task<ImageTicket> TicketAsync(ImageId image, CellName cell) =>
        Home.Home.ImageTickets.IssueAsync(new RequestImageTicket(image, cell) { ToWrite = true }, CancellationToken.None);

    private static async Task<Answer> SendAsync(ImageId image, ImageTicket ticket, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/octet-stream");
        return await Home.SendAsync("PUT", $"/cells/v1/images/{image}/file", content, null, (ImageTickets.Header, ticket.Ticket));
    }

    private Task<Answer> ActAsync(string body, string? version = null) => Home.SendAsync(
        "POST", $"/compute/v2.1/servers/{_id}/action", body, _token, headers: version is null ? [] : [("OpenStack-API-Version", $"compute {version}")]);

    private async Task<JsonElement> ShowAsync(string image) => (await Home.SendAsync("GET", $"/image/v2/images/{image}", null, _token)).Json;

    private static string? Text(JsonElement of, string name) => of.GetProperty(name).GetString();
}
