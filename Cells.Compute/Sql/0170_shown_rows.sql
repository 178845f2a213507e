-- 0170_shown_rows.sql: what the cell says of its fleet beside hosts and instances: how it stands to its pools, and what drifts. Replicated.
create table shown_row (
    kind          text        not null,   -- Cells.Contracts: PoolRow.Kind and so on
    key           text        not null,   -- within the kind, and with the cell's name before it in the whole tree
    body          json        not null,   -- the row as it goes up
    gone          boolean     not null,   -- a tombstone until every parent has it
    generation    bigint      not null,
    change_number bigint      not null,
    updated_at    timestamptz not null,
    primary key (kind, key)
);
-- The state lane's pages (ComputeState).
create index shown_row_change on shown_row (change_number);
