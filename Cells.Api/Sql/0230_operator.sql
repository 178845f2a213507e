-- 0230_operator.sql: what an operator's lists ask of the copies, as columns: reading them parses no JSON.
alter table instance_observed
    add column step text generated always as (body ->> 'step') stored;      -- a workflow is under way: "clone-disk 3/8"; see GET /tasks
