-- 0100_compute.sql: what a compute cell knows of its hosts, what it has promised of them, and its instances.
-- The cell is the only writer of these rows. Instance and host rows are replicated: their change_number is what the state lane pages by.

-- A hypervisor as it last showed itself. Observed columns are written from what the pool shows, never from the result of a call.
create table host (
    id            uuid        primary key,
    pool_id       uuid        not null,
    name          text        not null,
    address       text        not null,
    status        text        not null,               -- up, suspect, down, maintenance
    enabled       boolean     not null,               -- the hypervisor itself takes new VMs (XenAPI host.enabled)
    vcpus         integer     not null,
    memory_mib    bigint      not null,               -- what VMs and their overhead can have: total less the host's own
    sr_ids        uuid[]      not null,               -- storage repositories plugged there, ordered
    generation    bigint      not null,
    change_number bigint      not null,
    updated_at    timestamptz not null                -- for people; nothing is decided by it
);
-- The state lane's pages (ComputeState).
create index host_change on host (change_number);

create table sr (
    id         uuid        primary key,
    pool_id    uuid        not null,
    name       text        not null,
    type       text        not null,
    shared     boolean     not null,
    generation bigint      not null,
    updated_at timestamptz not null
);

-- Capacity belongs to providers: a host (vCPU, memory) or an SR (bytes, one row however many hosts see it).
create table provider (
    id         uuid             not null,             -- host or SR
    resource   smallint         not null,             -- Cells.Contracts.Resource
    kind       smallint         not null,             -- 1 host, 2 SR
    capacity   bigint           not null,
    ratio      double precision not null,             -- how far it may be promised beyond its capacity
    reserve    bigint           not null,
    promised   bigint           not null default 0,   -- sum of its claims; only raising it is guarded
    outside    bigint           not null default 0,   -- what others use there, as last shown
    generation bigint           not null default 1,
    primary key (id, resource)
);

-- What one instance takes of one provider. A claim is released by deleting its rows: what is given back is what stood there.
create table claim (
    instance_id uuid     not null,
    epoch       bigint   not null,
    provider_id uuid     not null,
    resource    smallint not null,
    amount      bigint   not null check (amount > 0),
    primary key (instance_id, epoch, provider_id, resource)
);

-- An instance under one epoch: what is, and how far its workflow has come. Deleted and refused ones stay as tombstones, so that a command
-- that comes again is answered the same way and a late one of a lower epoch is refused.
create table instance (
    id               uuid        primary key,
    project_id       uuid        not null,
    name             text        not null,
    parent_link      text        not null,            -- the neighbour that gave the command: answers go there
    command          jsonb,                           -- BuildInstance as it came; null when a delete came first
    epoch            bigint      not null,
    generation       bigint      not null,            -- every update adds one
    change_number    bigint      not null,
    host_id          uuid,                            -- null: nothing of it is on any host
    host_name        text,
    pool_id          uuid,
    sr_id            uuid,
    vm_uuid          uuid,                            -- known from the step that made it on; the stamp on the VM is what proves it ours
    vdi_uuid         uuid,
    vm_state         smallint    not null,
    task_state       smallint    not null,
    power_state      smallint    not null,
    working_intent   bigint      not null,
    applied_intent   bigint      not null,
    delete_intent    bigint      not null default 0,  -- the durable wish that lets us destroy what carries this instance's stamp
    released         boolean     not null,            -- the right to run was given back; final for the epoch
    workflow         smallint    not null default 0,  -- 0 none, 1 build, 2 delete
    step             smallint    not null default 0,
    undoing          boolean     not null default false,
    interrupted_step smallint,                        -- the build step whose call may still have been under way when the delete was accepted
    attempt          integer     not null default 0,  -- of this epoch; each attempt is on another host
    story            jsonb       not null,            -- hosts tried, decisions and refusals: shown to people, never decided by in SQL
    fault            text,
    deadline_at      timestamptz,                     -- when the running workflow is shown as late; judged by this cell's clock alone
    launched_at      timestamptz,
    updated_at       timestamptz not null
);
-- The state lane's pages (ComputeState).
create index instance_change on instance (change_number);
-- Start: everything that is alive or still a tombstone is read by ReadInstances in order of id: the primary key serves it.

-- One image on one SR, fetched once and cloned from then on. Its row names the VDI before the bytes are in it, so that an unfinished one can be
-- destroyed by right.
create table cached_image (
    image_id   uuid        not null,
    sr_id      uuid        not null,
    pool_id    uuid        not null,
    vdi_uuid   uuid,
    state      smallint    not null,                  -- 1 being fetched, 2 ready
    sha256     text        not null,
    generation bigint      not null,
    updated_at timestamptz not null,
    primary key (image_id, sr_id)
);

-- A durable wish to destroy one object that carries our mark but belongs to no instance: an unfinished clone of a cached image.
create table condemned (
    pool_id    uuid        not null,
    object_id  uuid        not null,                  -- the VDI's uuid
    why        text        not null,
    created_at timestamptz not null,
    primary key (pool_id, object_id)
);
-- A host's row is sent up with the number of its instances (ComputeState).
create index instance_host on instance (host_id) where not released;
