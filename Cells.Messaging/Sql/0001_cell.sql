-- 0001_cell.sql: what every cell has, whatever its role: the committer's own rows, leases, and the outbox of its links.

-- One row. The first statement of every transaction that writes replicated rows: its lock puts such transactions in one order, so a reader
-- of the state lane never sees a lower change number appear after a higher one.
create table change_counter (
    only_row    boolean primary key default true check (only_row),
    last_number bigint  not null
);
insert into change_counter (last_number) values (0);

-- One row per committer, the id of its last committed group: a committer has one group in flight, so no older id is ever looked for. The
-- row's lock makes the look-up wait for a transaction that the server is still ending. A committer that ended leaves its row behind (one
-- per start of a process): somebody else cannot know that it will not look any more.
create table commit_group (
    committer uuid   primary key,
    id        uuid   not null,
    number    bigint not null
) with (fillfactor = 50);

-- Who may act. No clock stands here: a taker watches the counter stand still on its own monotonic clock.
create table lease (
    name      text   primary key,
    holder    uuid,                -- one process; null: free
    directory uuid,                -- the data directory whose lock the holder has: a later process of the same directory may take at once
    epoch     bigint not null,     -- + 1 at each take-over: fences what a former holder still has in flight
    counter   bigint not null      -- + 1 at each renewal
) with (fillfactor = 50);

create table link (
    neighbour        text   primary key,
    last_work_number bigint not null default 0   -- dense, in commit order: locked last in a group, given back when it is rolled back
) with (fillfactor = 50);

create table outbox (
    link         text   not null references link (neighbour),
    number       bigint not null,
    order_key    text   not null,   -- messages of one key arrive in order
    wire_name    text   not null,
    body         bytea  not null,
    trace_parent text,
    primary key (link, number)      -- the pump reads in number order above the neighbour's watermark
);
