-- 0201_dispatch.sql: where each instance was sent, and what the cells below say of it. The same tables in an API cell and in a routing cell.

-- The route of an instance: one row per epoch that was dispatched from or through this cell. It answers for every later command and report of
-- that epoch: a child may only speak of instances whose row leads to it. Rows that ended stay: they are the tombstones that refuse a late
-- build, and the story told by `cells explain`.
create table dispatch (
    instance          uuid        not null,
    epoch             bigint      not null,
    intent            bigint      not null,               -- intent of the command that made the row
    parent            text,                               -- link the command came from; null: this cell is the home
    state             smallint    not null check (state between 1 and 6),   -- DispatchState
    asked             text,                               -- link to the child that was asked last; null: none was
    delete_intent     bigint,                             -- intent of the delete that cancelled it
    last_generation   bigint      not null default 0,     -- highest generation that a refusing child used in this epoch (ADR 0007)
    build             json,                               -- BuildInstance as it came; null: the delete came first
    why               json        not null,               -- [Explanation]: this cell's own choices, in order
    tried             json        not null,               -- [Trial]: each child that refused, and what it said
    placed            json,                               -- InstancePlaced as it came from below
    fault             text,                               -- state 4 at home: the story as one sentence
    deadline          timestamptz,                        -- judged by this cell's clock alone; null: nothing is waited for
    silent_since      timestamptz,                        -- the deadline passed: last report before it, or when the child was asked
    silent_generation bigint,                             -- observed generation then; a later report ends the silence
    silence_noted_at  timestamptz,
    asked_at          timestamptz not null,
    settled_at        timestamptz not null,               -- last change of state
    generation        bigint      not null default 1,     -- every update adds one and is guarded by it
    primary key (instance, epoch)
);
-- The deadline timer asks what is due; finished requests have no deadline any more.
create index dispatch_deadline on dispatch (deadline) where deadline is not null;
-- After a link began anew its open dispatches are driven again; waiting rows (asked is null) are tried when a child is heard.
create index dispatch_open on dispatch (asked) where state in (1, 2, 5);

-- Copies of the compute cells' instance rows, merged by (epoch, generation). Nobody edits them. body is the row as it came, byte for byte.
create table instance_observed (
    instance       uuid    primary key,
    epoch          bigint  not null,
    generation     bigint  not null,
    applied_intent bigint  not null,
    deleted        boolean not null,          -- tombstone: the row is gone at its owner
    body           json    not null,          -- InstanceRow
    change_number  bigint  not null
);
-- The state lane of the next parent reads what is above its watermark.
create index instance_observed_change on instance_observed (change_number);

-- Copies of the hosts below, each accepted only from the link under which its cell is reached.
create table host_observed (
    host          uuid    primary key,
    cell          text    not null,
    link          text    not null,           -- child it came from
    generation    bigint  not null,
    deleted       boolean not null,
    body          json    not null,           -- HostRow
    change_number bigint  not null
);
-- The state lane of the next parent reads what is above its watermark.
create index host_observed_change on host_observed (change_number);
