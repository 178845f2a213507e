-- 0280_door.sql: who may use a flavor that is not public; and ports in the order in which they are listed.

-- It goes with its flavor: an id that is used again begins with nobody.
create table flavor_access (
    flavor  text not null references flavor (id) on delete cascade,
    project uuid not null,
    primary key (flavor, project)
);

-- A page of a project's ports, and their count behind every new one. In place of port_project, which had them in no order that is shown.
create index port_listed on port (project_id, created_at, id);
drop index port_project;
