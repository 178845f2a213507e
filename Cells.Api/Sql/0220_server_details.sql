-- 0220_server_details.sql: what a server has beyond its build: description, host name, tags, lock, and the flavor's extra specs as ordered.
alter table instance_intent
    add column description        text,
    add column hostname           text    not null default '',     -- derived from the name at create, as Nova does; '' in rows older than this file
    add column launch_index       integer not null default 0,      -- place among the servers of one request, from 0
    add column tags               text[]  not null default '{}',   -- ordered; a tag has neither ',' nor '/'
    add column flavor_extra_specs jsonb   not null default '{}',   -- with the columns flavor_id to disk_gib: the flavor as it was ordered
    add column locked_by          text    check (locked_by in ('owner', 'admin')),   -- null: not locked
    add column locked_reason      text;
-- Lists by tags (tags, tags-any) of a project's own servers are few; this serves lists over all projects.
create index instance_intent_tags on instance_intent using gin (tags) where terminated_at is null;

alter table flavor
    add column description text;

-- The host of a copy as a column: joins and lists by host read no JSON.
alter table instance_observed
    add column host uuid generated always as ((body ->> 'host')::uuid) stored;
-- The servers of a hypervisor.
create index instance_observed_host on instance_observed (host) where host is not null and not deleted;

alter table host_observed
    add column status text generated always as (body ->> 'status') stored;
