using Cells.Compute.Pools;
using Cells.Contracts;
using Cells.Messaging.Storage;

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
/// <remarks>Locks the assignment: a taker, which may be another process, reads what was put before it, and nothing is put after.</remarks>
internal sealed record PutCachedImage(CachedImage Row, PoolOwner Owner, DateTimeOffset UpdatedAt) : IWrite
{
    public WriteKind Kind => CachedImageWrites.Put;
}

internal static class CachedImageWrites
{
    public static readonly WriteKind Put = new OrdinalKind<PutCachedImage>(
        "put-cached-image", 150, w => (w.Row.Image, w.Row.Sr), changeNumbersEach: 0, _ => """
            with w as (
                select image_id, sr_id, owner_pool, owner_epoch, vdi_uuid, state, sha256, updated_at, ordinal
                  from unnest(@images, @srs, @owner_pools, @owner_epochs, @vdis, @states, @digests, @updated) with ordinality
                    as w (image_id, sr_id, owner_pool, owner_epoch, vdi_uuid, state, sha256, updated_at, ordinal)
            ), held as (
                select assignment.pool_id, assignment.epoch
                  from assignment
                 where assignment.pool_id = any (@owner_pools)
                 order by assignment.pool_id
                   for share
            ), written as (
                insert into cached_image (image_id, sr_id, pool_id, vdi_uuid, state, sha256, generation, updated_at)
                select w.image_id, w.sr_id, w.owner_pool, w.vdi_uuid, w.state, w.sha256, 1, w.updated_at
                  from w
                  join held on held.pool_id = w.owner_pool and held.epoch = w.owner_epoch
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
            """,
        Column.Uuid<PutCachedImage>("images", w => w.Row.Image.Value),
        Column.Uuid<PutCachedImage>("srs", w => w.Row.Sr.Value),
        Column.Uuid<PutCachedImage>("owner_pools", w => w.Owner.Pool.Value),
        Column.Bigint<PutCachedImage>("owner_epochs", w => w.Owner.Epoch),
        Column.Uuid<PutCachedImage>("vdis", w => w.Row.Vdi),
        Column.Smallint<PutCachedImage>("states", w => (short)w.Row.State),
        Column.Text<PutCachedImage>("digests", w => w.Row.Sha256),
        Column.Time<PutCachedImage>("updated", w => w.UpdatedAt));
}
