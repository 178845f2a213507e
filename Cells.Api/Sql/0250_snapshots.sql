-- 0250_snapshots.sql: images that a server's cell makes of the server's disk.

-- Which intent of which server an image without bytes waits for. Only the cell that holds that server may send its bytes.
create table image_snapshot (
    image_id uuid    primary key references image (id) on delete cascade,
    instance uuid    not null,
    intent   bigint  not null,
    keep     integer                                -- of a backup: so many of its type stay; null for a snapshot
);
-- How an action ended decides what becomes of its image.
create unique index image_snapshot_intent on image_snapshot (instance, intent);
