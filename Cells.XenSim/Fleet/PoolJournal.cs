using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cells.XenSim.Core;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Wire;

namespace Cells.XenSim.Fleet;

/// <summary>
/// A pool's changes, appended as lines of JSON and closed by a commit line, so that a killed simulator comes back as
/// hosts that went on meanwhile. Handed to the system before answers go out; a torn end is cut off at the last commit.
/// </summary>
/// <remarks>
/// Lines: ["+",class,ref,{fields that are not default}] ["=",class,ref,field,value] ["-",class,ref]
/// ["d",vdi,allocated,length,sha256] ["c",generation,seed,ids used,{last domid of each member, by name}].
/// </remarks>
internal sealed class PoolJournal : IDatabaseObserver, IDisposable
{
    // Small enough to read in a blink, large enough that rewriting it is rare.
    private const long CompactAbove = 1 << 20;

    /// <summary>In place of the last domid: the machine has no power, so nothing runs on it whatever its records say.</summary>
    public const int Off = -1;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly string _path;
    private readonly SimPool _pool;
    private readonly ulong _seed;
    private readonly ArrayBufferWriter<byte> _batch = new(4096);
    private readonly Utf8JsonWriter _writer;
    private FileStream _file;
    private long _compacted;
    private long _length;
    private long _powerChanges;

    /// <summary>Begins a fresh journal with the pool as it is now.</summary>
    public PoolJournal(string path, SimPool pool, ulong seed)
    {
        (_path, _pool, _seed) = (path, pool, seed);
        _writer = new Utf8JsonWriter(_batch, Plain);
        _file = Rewrite();
        pool.Database.Observer = this;
    }

    public void Created(SimObject made) => Line(w =>
    {
        w.WriteStringValue("+");
        w.WriteStringValue(made.Class.Name);
        w.WriteStringValue(made.Ref);
        w.WriteStartObject();
        foreach (var field in made.Class.Fields)
        {
            if (Equals(made[field], field.Default)) continue;
            w.WritePropertyName(field.JsonName);
            JournalValue.Write(w, field, made[field]);
        }
        w.WriteEndObject();
    });

    public void Written(SimObject target, FieldDef field) => Line(w =>
    {
        w.WriteStringValue("=");
        w.WriteStringValue(target.Class.Name);
        w.WriteStringValue(target.Ref);
        w.WriteStringValue(field.JsonName);
        JournalValue.Write(w, field, target[field]);
    });

    public void Deleted(SimObject target) => Line(w =>
    {
        w.WriteStringValue("-");
        w.WriteStringValue(target.Class.Name);
        w.WriteStringValue(target.Ref);
    });

    public void DiskWritten(SimObject vdi) => Line(w =>
    {
        w.WriteStringValue("d");
        w.WriteStringValue(vdi.Ref);
        w.WriteNumberValue(vdi.Disk!.AllocatedBytes);
        w.WriteNumberValue(vdi.Disk.ContentLength);
        w.WriteStringValue(vdi.Disk.Sha256);
    });

    /// <summary>Hands what changed since the last commit to the operating system, which outlives this process.</summary>
    public void Commit()
    {
        if (_batch.WrittenCount == 0 && _pool.Members.PowerChanges == _powerChanges) return;
        CommitLine();
        _file.Write(_batch.WrittenSpan);
        _file.Flush();
        _length += _batch.WrittenCount;
        _batch.ResetWrittenCount();
        if (_length <= CompactAbove || _length <= 4 * _compacted) return;
        _file.Dispose();
        _file = Rewrite();
    }

    public void Dispose()
    {
        Commit();
        _pool.Database.Observer = null;
        _file.Dispose();
        _writer.Dispose();
    }

    /// <summary>Writes the whole pool beside the journal and puts it in its place at once.</summary>
    private FileStream Rewrite()
    {
        _batch.ResetWrittenCount();
        foreach (var definition in PublishedModel.Classes)
        {
            foreach (var record in _pool.Database.All(definition))
            {
                Created(record);
                if (record.Disk is not null) DiskWritten(record);
            }
        }
        CommitLine();
        var fresh = _path + ".new";
        File.WriteAllBytes(fresh, _batch.WrittenSpan);
        File.Move(fresh, _path, overwrite: true);
        _compacted = _length = _batch.WrittenCount;
        _batch.ResetWrittenCount();
        return new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    private void CommitLine() => Line(w =>
    {
        _powerChanges = _pool.Members.PowerChanges;
        w.WriteStringValue("c");
        w.WriteNumberValue(_pool.Database.Generation);
        w.WriteNumberValue(_seed);
        w.WriteNumberValue(_pool.Database.Ids.Used);
        w.WriteStartObject();
        foreach (var host in _pool.Hosts) w.WriteNumber(host.Name, host.Powered ? host.LastDomid : Off);
        w.WriteEndObject();
    });

    private void Line(Action<Utf8JsonWriter> body)
    {
        _writer.Reset(_batch);
        _writer.WriteStartArray();
        body(_writer);
        _writer.WriteEndArray();
        _writer.Flush();
        _batch.Write("\n"u8);
    }
}
