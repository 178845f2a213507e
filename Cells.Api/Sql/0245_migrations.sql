-- 0245_migrations.sql: resizes and migrations of servers.

-- What the other flavor of a resize takes: ordered and not yet had, or had before and not yet given up. The quota counts the greater of both, as rows.
alter table instance_intent
    add column other_vcpus      integer,
    add column other_memory_mib bigint;

-- Each resize or migration that was accepted, and how far it came (Nova API, os-migrations). Kept as long as its server's row.
create table migration (
    number        bigint      generated always as identity primary key,   -- the id that clients see
    uuid          uuid        not null unique,
    instance      uuid        not null,
    intent        bigint      not null,
    type          text        not null,               -- resize, migration, live-migration
    project_id    uuid        not null,
    user_id       uuid        not null,
    old_flavor_id text        not null,
    new_flavor_id text        not null,
    status        text        not null,               -- accepted, finished, confirmed, reverted, completed, error
    source_host   text,
    dest_host     text,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    unique (instance, intent)
);
-- The list, newest first; what is to be confirmed by itself.
create index migration_updated on migration (updated_at desc, number desc);
create index migration_finished on migration (updated_at) where status = 'finished';
