-- 0160_nodes.sql: which node of the cell each pool is given to. Written by the cell's leader; a node takes a pool (assignment, 0101) only while it stands
-- here, and reads here what it has. A node itself has no row but its lease, 'node:<name>'.
create table pool_node (
    pool_name  text   primary key,            -- as configured: it is given away before anybody has seen its uuid
    node       text   not null,
    generation bigint not null default 1
);
