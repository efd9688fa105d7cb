-- The control plane's own tables. One linear history; expand, migrate code, contract.
create schema control;

create table control.installation (
    -- One row at most.
    singleton bool primary key default true constraint installation_is_one check (singleton),
    key_check bytea not null
);
comment on column control.installation.key_check is
    'HMAC of a constant under the master key: a server with another key refuses to start';

create table control.users (
    id text primary key,
    name text not null constraint users_name_unique unique,
    role text not null constraint users_role_known check (role in ('viewer', 'deployer', 'admin')),
    password_hash text,
    created_at timestamptz not null,
    -- Sessions issued before this moment are no longer good.
    sessions_valid_from timestamptz not null
);
comment on column control.users.password_hash is 'argon2id PHC string; null: can only sign in by one-time link';

create table control.login_codes (
    code_hash bytea primary key,
    user_id text not null references control.users on delete cascade,
    expires_at timestamptz not null
);
comment on table control.login_codes is 'One-time sign-in links. A row is deleted when it is used.';

create table control.api_tokens (
    id text primary key,
    user_id text not null references control.users on delete cascade,
    name text not null,
    role text not null constraint api_tokens_role_known check (role in ('viewer', 'deployer', 'admin')),
    secret_hash bytea not null constraint api_tokens_secret_unique unique,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    constraint api_tokens_name_unique unique (user_id, name)
);
comment on column control.api_tokens.secret_hash is 'SHA-256 of the secret (256 random bits); the secret itself is nowhere';

create table control.idempotency_keys (
    -- Whose key, which route, which key.
    principal text not null,
    route text not null,
    key text not null,
    request_hash bytea not null,
    -- Null while the first request with this key is still at work.
    response_status int,
    response_body bytea,
    created_at timestamptz not null,
    primary key (principal, route, key)
);

create table control.applications (
    id text primary key,
    name text not null constraint applications_name_unique unique,
    description text not null,
    created_at timestamptz not null
);

create table control.application_versions (
    id text primary key,
    application_id text not null references control.applications,
    label text not null,
    description text not null,
    platform text not null,
    sha256 bytea not null,
    size_bytes bigint not null,
    notes text[] not null default '{}',
    created_at timestamptz not null,
    deleted_at timestamptz
);
create unique index application_versions_label_unique on control.application_versions (application_id, label)
    where deleted_at is null;
create index application_versions_sha256 on control.application_versions (sha256);
comment on column control.application_versions.deleted_at is
    'A deleted version stays as a row, because the history of deployments tells of it; its bundle goes';
comment on column control.application_versions.sha256 is 'Hash of the bundle; also its key in the blob store';

create table control.hosts (
    id text primary key,
    name text not null constraint hosts_name_unique unique,
    credential_hash bytea not null constraint hosts_credential_unique unique,
    joined_at timestamptz not null,
    -- Order of reports: a report is taken only when (boot, sequence) is greater.
    boot timestamptz,
    sequence bigint not null default 0,
    -- What the agent should work from, and what it says it works from.
    generation bigint not null default 1,
    applied_generation bigint not null default 0,
    -- protocol::routes::EdgeStatus as last reported; null when its edge does not answer.
    edge jsonb,
    -- Null: it never reported, or its lease ran out and it counts as lost.
    lease_until timestamptz,
    last_seen_at timestamptz,
    facts jsonb not null default '{}'
);

create table control.host_join_tokens (
    token_hash bytea primary key,
    created_by text not null,
    expires_at timestamptz not null
);
comment on table control.host_join_tokens is 'Single use: the row is deleted when an agent joins with it.';

create table control.environments (
    id text primary key,
    application_id text not null references control.applications,
    name text not null,
    cname_prefix text not null,
    platform text not null,
    status text not null constraint environments_status_known
        check (status in ('Launching', 'Updating', 'Ready', 'Terminating', 'Terminated')),
    -- Release of the last successful deployment.
    current_version_id text references control.application_versions,
    current_configuration int,
    current_deployment_number int,
    -- Latest revision in control.configurations (also those still being rolled out).
    configuration int not null,
    min_instances int not null,
    max_instances int not null,
    desired_instances int not null,
    -- Percent of traffic on the active deployment's release; null: no split.
    split_percent int constraint environments_split_in_range check (split_percent between 0 and 100),
    -- planner::Reason: what keeps it from what it should be; null: nothing does.
    hindrance jsonb,
    deployment_count int not null default 0,
    health_color text not null default 'Grey',
    health_status text not null default 'Pending',
    health_causes text[] not null default '{}',
    last_event_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    terminated_at timestamptz,
    constraint environments_capacity check (0 <= min_instances and min_instances <= max_instances),
    constraint environments_terminated check ((status = 'Terminated') = (terminated_at is not null)),
    constraint environments_current check ((current_version_id is null) = (current_configuration is null))
);
create unique index environments_name_unique on control.environments (name) where terminated_at is null;
create unique index environments_cname_unique on control.environments (cname_prefix) where terminated_at is null;

create table control.wakes (
    environment_id text primary key references control.environments on delete cascade,
    -- When reconcile must look at the environment again; null: only when something is reported.
    wake_at timestamptz,
    -- Grows with every request to look again, so that one made while reconcile plans is not lost.
    requests bigint not null default 0,
    -- An address or the health of an instance changed: other hosts' routes have to follow.
    routes_changed boolean not null default false
);
create index wakes_due on control.wakes (wake_at) where wake_at is not null;
comment on table control.wakes is 'Apart from environments, so that a report never waits for a plan (lock order: environment, hosts, instances, wakes)';

create table control.configurations (
    environment_id text not null references control.environments,
    revision int not null,
    -- Option settings that were set, without environment properties: [{namespace, name, value}].
    options jsonb not null,
    -- Environment properties, a JSON object, sealed (AES-256-GCM; see control-plane/src/secrets.rs).
    properties_sealed bytea not null,
    created_at timestamptz not null,
    primary key (environment_id, revision)
);

create table control.deployments (
    id text primary key,
    environment_id text not null references control.environments,
    number int not null,
    kind text not null constraint deployments_kind_known
        check (kind in ('launch', 'version', 'configuration', 'terminate')),
    version_id text not null references control.application_versions,
    configuration int not null,
    previous_version_id text references control.application_versions,
    previous_configuration int,
    -- planner::DeploymentOptions as it was when the deployment was accepted.
    options jsonb not null,
    -- planner::Phase
    phase jsonb not null,
    phase_since timestamptz not null,
    status text not null constraint deployments_status_known
        check (status in ('running', 'succeeded', 'failed', 'rolled_back', 'aborted', 'superseded')),
    reason text,
    log_tail text,
    abort_by text,
    -- Time without an instance in service: closed stretches, and the start of an open one.
    outage_ms bigint not null default 0,
    outage_since timestamptz,
    -- How far it is, as last counted: instances on the new release, and percent of traffic on it.
    instances_total int not null default 0,
    instances_done int not null default 0,
    traffic_percent int not null default 0,
    built_at timestamptz,
    started_at timestamptz not null,
    finished_at timestamptz,
    constraint deployments_number_unique unique (environment_id, number),
    constraint deployments_finished check ((status = 'running') = (finished_at is null))
);
-- One active deployment per environment, whoever asks.
create unique index deployments_one_active on control.deployments (environment_id) where finished_at is null;

create table control.instances (
    id text primary key,
    environment_id text not null references control.environments,
    deployment_id text not null references control.deployments,
    host_id text not null references control.hosts,
    version_id text not null references control.application_versions,
    configuration int not null,
    intent text not null constraint instances_intent_known
        check (intent in ('standby', 'in_service', 'draining', 'stopping')),
    -- Since when it drains or stops.
    intent_since timestamptz not null,
    memory_bytes bigint not null,
    -- {host id: generation} from which that host's routes show the intent; an edge that serves an
    -- older generation may still send it requests.
    intent_generations jsonb not null default '{}',
    launched_at timestamptz not null,
    -- protocol::agent::ObservedInstance as last reported; null before the first report.
    observed jsonb
);
create index instances_by_environment on control.instances (environment_id);
create index instances_by_host on control.instances (host_id);

create table control.host_images (
    host_id text not null references control.hosts on delete cascade,
    version_id text not null references control.application_versions on delete cascade,
    state text not null constraint host_images_state_known
        check (state in ('wanted', 'building', 'ready', 'failed')),
    -- Grows when a failed build is to be tried again.
    attempt int not null default 1,
    reason text,
    build_ms bigint,
    log text not null default '',
    updated_at timestamptz not null,
    primary key (host_id, version_id)
);
comment on table control.host_images is 'Which version images a host should have, and where each build stands';

create table control.events (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    severity text not null,
    kind text not null,
    message text not null,
    application_id text references control.applications on delete cascade,
    environment_id text references control.environments on delete cascade,
    deployment_id text references control.deployments on delete cascade,
    version_label text
);
create index events_by_environment on control.events (environment_id, id);

create table control.tasks (
    id text primary key,
    host_id text not null references control.hosts on delete cascade,
    kind jsonb not null,
    created_at timestamptz not null,
    finished_at timestamptz,
    output text,
    error text
);
comment on table control.tasks is 'Questions to agents; removed an hour after they were asked';
