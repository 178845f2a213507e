-- 0171_fence_proofs.sql: who has said, and how, that a host surely runs nothing any more. Without a row that has not ended nothing of a host is started elsewhere.
create table fence_proof (
    id        uuid        primary key,
    host_id   uuid        not null,
    how       text        not null,                    -- operator
    who       text        not null,
    why       text        not null,
    proven_at timestamptz not null,                    -- for people
    ended_at  timestamptz,                             -- the host was heard again, or the word was taken back; kept for people
    end_why   text
);
-- At most one counts.
create unique index fence_proof_current on fence_proof (host_id) where ended_at is null;
