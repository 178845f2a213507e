using Cells.Compute.Pools;
using Cells.Compute.Sql;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Compute.Images;

/// <summary>One image on one SR.</summary>
/// <param name="Vdi">Null while no disk has been made for it yet.</param>
internal sealed record CachedImage(ImageId Image, SrId Sr, PoolId Pool, Guid? Vdi, CachedImageState State, string Sha256);

/// <summary>Numbers are stored: never reuse one.</summary>
internal enum CachedImageState
{
    /// <summary>The disk, if there is one, has not all its bytes, and may be destroyed.</summary>
    Fetching = 1,
    Ready = 2,
}

/// <summary>Puts the row. Misses when the assignment is no longer current.</summary>
internal sealed record PutCachedImage(CachedImage Row, PoolOwner Owner, DateTimeOffset UpdatedAt) : IWrite
{
    public WriteKind Kind => CachedImageWrites.Put;
}

internal static class CachedImageWrites
{
    public static readonly WriteKind Put = new PutKind();

    private sealed class PutKind() : WriteKind("put-cached-image", 150)
    {
        public override object GuardedRow(IWrite write) => (((PutCachedImage)write).Row.Image, ((PutCachedImage)write).Row.Sr);

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var puts = writes.Cast<PutCachedImage>().ToList();
            command.CommandText = """
                with w as (
                    select image_id, sr_id, owner_pool, owner_epoch, vdi_uuid, state, sha256, updated_at, ordinal
                      from unnest(@images, @srs, @owner_pools, @owner_epochs, @vdis, @states, @digests, @updated) with ordinality
                        as w (image_id, sr_id, owner_pool, owner_epoch, vdi_uuid, state, sha256, updated_at, ordinal)
                ), written as (
                    insert into cached_image (image_id, sr_id, pool_id, vdi_uuid, state, sha256, generation, updated_at)
                    select w.image_id, w.sr_id, w.owner_pool, w.vdi_uuid, w.state, w.sha256, 1, w.updated_at
                      from w
                      join assignment on assignment.pool_id = w.owner_pool and assignment.epoch = w.owner_epoch
                     order by w.ordinal
                        on conflict (image_id, sr_id) do update
                       set pool_id = excluded.pool_id,
                           vdi_uuid = excluded.vdi_uuid,
                           state = excluded.state,
                           sha256 = excluded.sha256,
                           generation = cached_image.generation + 1,
                           updated_at = excluded.updated_at
                    returning cached_image.image_id, cached_image.sr_id
                )
                select w.ordinal::int - 1
                  from w
                  join written on written.image_id = w.image_id and written.sr_id = w.sr_id
                """;
            command.AddColumn("images", NpgsqlDbType.Uuid, puts, w => w.Row.Image.Value);
            command.AddColumn("srs", NpgsqlDbType.Uuid, puts, w => w.Row.Sr.Value);
            command.AddColumn("owner_pools", NpgsqlDbType.Uuid, puts, w => w.Owner.Pool.Value);
            command.AddColumn("owner_epochs", NpgsqlDbType.Bigint, puts, w => w.Owner.Epoch);
            command.AddColumn("vdis", NpgsqlDbType.Uuid, puts, w => w.Row.Vdi);
            command.AddColumn("states", NpgsqlDbType.Smallint, puts, w => (short)w.Row.State);
            command.AddColumn("digests", NpgsqlDbType.Text, puts, w => w.Row.Sha256);
            command.AddColumn("updated", NpgsqlDbType.TimestampTz, puts, w => w.UpdatedAt.UtcDateTime);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }
}
