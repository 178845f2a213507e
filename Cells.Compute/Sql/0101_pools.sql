-- 0101_pools.sql: the pools of a compute cell, who acts on them, and the sessions that did.

create table pool (
    id         uuid   primary key,
    name       text   not null,                 -- as configured in this cell
    generation bigint not null default 1
);
-- The owner looks its pool up by its configured name before it knows the uuid (ReadPools).
create unique index pool_name on pool (name);

-- Who acts on a pool. Every write of an owner names its epoch and is joined with this row, so a former owner's write changes nothing.
create table assignment (
    pool_id uuid   primary key references pool (id),
    node    uuid   not null,
    epoch   bigint not null check (epoch > 0)   -- + 1 at each take-over
);

-- Sessions that may still act on the pool. Written before the session's first call that could change something, deleted once the session and
-- its tasks have ended: what stands here under a lower epoch is what a taker must end first.
create table pool_session (
    id      uuid   primary key,
    pool_id uuid   not null references pool (id),
    epoch   bigint not null,
    sealed  bytea  not null                     -- the session's reference, AES-256-GCM; the key is not in the database
);
-- A taker reads its pool's sessions (ReadPools).
create index pool_session_pool on pool_session (pool_id);
