using Cells.Contracts;
using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Links;

public sealed class FileLinkKeysTests
{
    private static readonly CellName East = CellName.Parse("east");
    private static readonly CellName West = CellName.Parse("west");
    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("cells-keys-").FullName, "keys");

    [TearDown]
    public void Remove() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Test]
    public void Missing_keys_are_made_once_one_for_each_direction_and_only_the_owner_may_read_them()
    {
        FileLinkKeys.CreateMissing(_directory, East, West, new SystemIds());
        var (there, back) = (Keys.Find(East, West)!, Keys.Find(West, East)!);
        FileLinkKeys.CreateMissing(_directory, West, East, new SystemIds());

        Assert.Multiple(() =>
        {
            Assert.That(there.Id, Is.Not.EqualTo(back.Id));
            Assert.That(Keys.Find(East, West)!.Id, Is.EqualTo(there.Id), "a key that is there stays");
            Assert.That(Directory.GetFiles(_directory).Select(Path.GetFileName), Is.EquivalentTo(new[] { "east.west.key", "west.east.key" }));
            if (!OperatingSystem.IsWindows())
                Assert.That(File.GetUnixFileMode(PathOfKey), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        });
    }

    [Test]
    public void Without_a_file_there_is_no_key()
    {
        Assert.That(Keys.Find(East, West), Is.Null);
    }

    [Test]
    public void A_key_that_others_may_read_or_that_has_another_size_is_refused_by_name()
    {
        FileLinkKeys.CreateMissing(_directory, East, West, new SystemIds());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(PathOfKey, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.That(() => Keys.Find(East, West), Throws.TypeOf<CellsException>().With.Message.Contains(PathOfKey).And.Message.Contains("0600"));

        File.Delete(PathOfKey);
        FileLinkKeys.CreateMissing(_directory, East, West, new SystemIds());
        File.WriteAllBytes(PathOfKey, new byte[31]);
        Assert.That(() => Keys.Find(East, West), Throws.TypeOf<CellsException>().With.Message.Contains("has 31 bytes instead of 32"));
    }

    private FileLinkKeys Keys => new(_directory);

    private string PathOfKey => Path.Combine(_directory, "east.west.key");
}
