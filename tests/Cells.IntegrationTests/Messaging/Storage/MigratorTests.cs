using Cells.Contracts;
using Cells.Messaging.Storage;
using Cells.TestKit;
using Npgsql;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Storage;

public sealed class MigratorTests
{
    private static readonly SqlFile First = SqlFile.From("test/0001_first.sql", "create table first (id int primary key);");
    private static readonly SqlFile Second = SqlFile.From("test/0002_second.sql", "create table second (id int primary key);");

    private TestDatabase _database = null!;

    [SetUp]
    public async Task CreateDatabase() => _database = await TestDatabase.CreateAsync();

    [TearDown]
    public async Task DropDatabase() => await _database.DisposeAsync();

    [Test]
    public async Task Files_are_applied_once_in_the_order_of_their_numbers()
    {
        var before = await Migrate(First);

        var after = await Migrate(First, Second);
        var again = await Migrate(First, Second);

        Assert.That(before, Is.EqualTo(new[] { "test/0001_first.sql" }));
        Assert.That(after, Is.EqualTo(new[] { "test/0002_second.sql" }));
        Assert.That(again, Is.Empty);
        Assert.That(await _database.QueryAsync<string>("select file from schema_version order by file"), Is.EqualTo(new[] { First.Name, Second.Name }));
    }

    [Test]
    public async Task A_cell_gets_its_tables_and_one_change_counter()
    {
        await Migrator.MigrateAsync(_database.ConnectionString, [SqlSource.Messaging], TimeProvider.System, CancellationToken.None);

        Assert.That(await _database.QueryAsync<long>("select last_number from change_counter"), Is.EqualTo(new[] { 0L }));
        Assert.That(await _database.QueryAsync<long>("select count(*) from outbox, lease, link, commit_group"), Is.EqualTo(new[] { 0L }));
    }

    [Test]
    public async Task A_file_changed_after_it_was_applied_is_refused_by_name()
    {
        await Migrate(First);

        var changed = SqlFile.From(First.Name, First.Text + " -- and more");
        var error = Assert.ThrowsAsync<CellsException>(() => Migrate(changed, Second));

        Assert.That(error!.Message, Does.Contain("'test/0001_first.sql' was changed").And.Contains("next number"));
        Assert.That(await _database.QueryAsync<string>("select file from schema_version"), Is.EqualTo(new[] { First.Name }));
    }

    [Test]
    public async Task Other_line_ends_are_no_change()
    {
        await Migrate(SqlFile.From("test/0001_lines.sql", "create table lines (\n  id int\n);\n"));

        var again = await Migrate(SqlFile.From("test/0001_lines.sql", "create table lines (\r\n  id int\r\n);\r\n"));

        Assert.That(again, Is.Empty);
    }

    [Test]
    public async Task A_database_with_a_file_that_this_version_does_not_know_is_refused()
    {
        await Migrate(First, Second);

        var error = Assert.ThrowsAsync<CellsException>(() => Migrate(First));

        Assert.That(error!.Message, Does.Contain("'test/0002_second.sql'").And.Contains("newer"));
    }

    [Test]
    public async Task A_file_that_fails_is_rolled_back_whole_and_named()
    {
        var broken = SqlFile.From("test/0002_broken.sql", "create table half (id int); create table first (id int);");

        var error = Assert.ThrowsAsync<CellsException>(() => Migrate(First, broken));

        Assert.That(error!.Message, Does.Contain("'test/0002_broken.sql' failed").And.Contains("42P07"));
        Assert.That(await _database.QueryAsync<long>("select count(*) from pg_tables where tablename = 'half'"), Is.EqualTo(new[] { 0L }));
        Assert.That(await Migrate(First, Second), Is.EqualTo(new[] { Second.Name }));
    }

    [Test]
    public async Task Two_at_once_apply_every_file_once()
    {
        var slow = SqlFile.From("test/0002_slow.sql", "create table slow (id int); select pg_sleep(0.2);");

        var both = await Task.WhenAll(Migrate(First, slow), Migrate(First, slow));

        Assert.That(both.SelectMany(applied => applied).Order(), Is.EqualTo(new[] { First.Name, slow.Name }));
    }

    [Test]
    public async Task A_missing_database_is_the_servers_own_error()
    {
        await _database.DisposeAsync();

        var error = Assert.ThrowsAsync<PostgresException>(() => Migrate(First));

        Assert.That(error!.SqlState, Is.EqualTo(PostgresErrorCodes.InvalidCatalogName));
    }

    private Task<IReadOnlyList<string>> Migrate(params SqlFile[] files) =>
        Migrator.MigrateAsync(_database.ConnectionString, files, TimeProvider.System, CancellationToken.None);
}
