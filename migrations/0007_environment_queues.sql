-- Queues that `.ebextensions` declare for an environment.
create table control.environment_queues (
    environment_id text not null references control.environments on delete cascade,
    account text not null,
    region text not null,
    name text not null,
    -- Its name in the files.
    logical_id text not null,
    -- The last deployment whose version declares it. When that one ends well, others are not wanted any more.
    deployment_id text not null references control.deployments on delete cascade,
    -- {attributes, tags}: what it is declared with now.
    given jsonb not null,
    -- What it was declared with by the last deployment that ended well.
    settled jsonb,
    when_dropped text not null,
    when_replaced text not null,
    primary key (environment_id, account, region, name),
    constraint environment_queues_one_owner unique (account, region, name),
    constraint environment_queues_when_dropped check (when_dropped in ('delete', 'retain')),
    constraint environment_queues_when_replaced check (when_replaced in ('delete', 'retain'))
);
comment on table control.environment_queues is
    'The queues themselves are in messaging.queues, where somebody may have deleted them meanwhile';
comment on column control.environment_queues.settled is 'Null: no deployment with it has ended well yet';

-- Configuration files of a version in which something differs between environments, or that declare a queue.
alter table control.application_versions add column configuration_files_sealed bytea;
comment on column control.application_versions.configuration_files_sealed is
    '[[path, text]], sealed; then option_settings_sealed is what they set without an environment. Null: nothing differs';
