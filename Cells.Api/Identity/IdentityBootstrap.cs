using System.Buffers.Text;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Identity;

/// <summary>
/// What a new cell needs before anybody can log in: domain Default, roles admin, member and reader, project admin, and user admin with the role
/// admin on the project and the system. Safe to run at every start.
/// </summary>
public sealed class IdentityBootstrap(ICellDatabase database, ICommitter committer, IIdSource ids)
{
    private static readonly string[] Roles = ["admin", "member", "reader"];

    /// <summary>160 random bits in the characters of base64url.</summary>
    public static string NewPassword(IIdSource ids)
    {
        Span<byte> bytes = stackalloc byte[20];
        ids.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>After it <paramref name="password"/> is the password of user admin, whatever it was before.</summary>
    /// <returns>The admin project.</returns>
    /// <exception cref="CellsException">The database did not take it; nothing was changed that a second run does not complete.</exception>
    public async Task<ProjectId> EnsureAsync(string password, CancellationToken stop)
    {
        var store = new IdentityStore(database);
        if (await store.FindDomainAsync("default", null, stop) is null)
            await CommitAsync(new InsertDomain("default", "Default", "The default domain"));
        var known = await store.RolesAsync(name: null, stop);
        await CommitAsync([.. Roles.Where(role => known.All(k => k.Name != role)).Select(role => new InsertRole(ids.NewGuid(), role))]);

        var project = await FindProjectAsync(store, stop);
        if (project is null)
        {
            await CommitAsync(new InsertProject(new ProjectId(ids.NewGuid()), "default", "admin", "Operators of this cell", Enabled: true));
            project = await FindProjectAsync(store, stop);
        }
        var user = await FindUserAsync(store, stop);
        if (user is null)
        {
            await CommitAsync(new InsertUser(new UserId(ids.NewGuid()), "default", "admin", PasswordHash.Of(password, ids), Enabled: true));
            user = await FindUserAsync(store, stop);
        }
        if (!PasswordHash.Matches(password, user!.PasswordHash))
            await CommitAsync(new SetPassword(user.User.Id, PasswordHash.Of(password, ids)));

        await CommitAsync(
            new GrantRole(user.User.Id, ("project", project!.Project.Id.ToString()), "admin"),
            new GrantRole(user.User.Id, ("system", "all"), "admin"));
        return project.Project.Id;
    }

    private static Task<StoredProject?> FindProjectAsync(IdentityStore store, CancellationToken stop) =>
        store.FindProjectAsync(new Named(null, "admin", "default", null), stop);

    private static Task<StoredUser?> FindUserAsync(IdentityStore store, CancellationToken stop) =>
        store.FindUserAsync(new Named(null, "admin", "default", null), stop);

    // A missed insert was made by another process that starts at the same time: what was to be there is there.
    private async Task CommitAsync(params IWrite[] writes)
    {
        if (writes.Length > 0 && await committer.CommitAsync(new Change(writes)) is CommitOutcome.Unavailable lost)
            throw new CellsException($"The first user and project were not made: {lost.Reason} Start again once the database answers.");
    }
}
