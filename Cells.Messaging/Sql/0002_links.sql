-- 0002_links.sql: how far a link is in both directions, beside its counter row in link, which is kept small because every group locks it.
-- Only the actor of the link writes here, so a row needs no generation.
create table link_progress (
    neighbour       text   primary key references link (neighbour),
    -- What this cell numbers. An incarnation is one past: it ends when either side finds that the other remembers another one.
    out_incarnation bigint not null,
    work_acked      bigint not null default 0,   -- the neighbour's work watermark: outbox rows up to here are deleted
    reset_owed      boolean not null default false,   -- the owner has yet to drive its open intents again under this incarnation
    own_past        text   not null,             -- our PostgreSQL system identifier and timeline when the incarnation began
    met_past_out    text,                        -- the neighbour's then; null before the first meeting
    -- What this cell receives.
    in_incarnation  bigint not null default 0,
    work_watermark  bigint not null default 0,
    state_watermark bigint not null default 0,
    met_past_in     text                         -- the neighbour's when its incarnation was taken; null before the first meeting
) with (fillfactor = 50);

-- Work that could not be handled, and whatever came after it under the same key: it waits for an operator, others pass.
create table parked_message (
    link           text        not null references link (neighbour),
    incarnation    bigint      not null,
    number         bigint      not null,
    order_key      text        not null,
    wire_name      text        not null,
    body           bytea       not null,
    trace_parent   text,
    reason         text        not null,          -- for people: what went wrong, or behind which message it stands
    parked_at      timestamptz not null,
    primary key (link, incarnation, number)
);
-- A retry reads the oldest of one key, and the start of a link the keys.
create index parked_message_key on parked_message (link, order_key, incarnation, number);
