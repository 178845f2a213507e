-- 0140_second_places.sql: an instance may hold a second place: the one that it is on its way to, or, once resized, the one that it may go back to.

alter table instance
    add column destination jsonb,                    -- SecondPlace; null when it is on its way nowhere
    add column origin      jsonb;                    -- SecondPlace; null when there is nothing to confirm or revert

-- Which of its places a claim is for (ClaimRole). On one host both may have rows: the second one is what is needed beyond the first.
alter table claim
    add column role smallint not null default 1;     -- 1 current, 2 destination, 3 origin
alter table claim
    drop constraint claim_pkey,
    add primary key (instance_id, epoch, provider_id, resource, role);
