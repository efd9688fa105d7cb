-- Commands of `.ebextensions` that one instance of a deployment runs for all of them.
create table control.leader_commands (
    deployment_id text not null references control.deployments on delete cascade,
    -- Of the bundle's configuration file, and of the command in it.
    file text not null,
    name text not null,
    -- Who runs it, or ran it. Not a reference: it stands when the instance is gone.
    instance_id text not null,
    claimed_at timestamptz not null,
    finished_at timestamptz,
    exit_code int,
    primary key (deployment_id, file, name),
    constraint leader_commands_finished check ((finished_at is null) = (exit_code is null))
);
