-- Who may call the AWS services: accounts, access keys, roles, policies.
create schema access;

create table access.accounts (
    id text primary key constraint accounts_id_is_twelve_digits check (id ~ '^[0-9]{12}$'),
    name text not null constraint accounts_name_unique unique,
    created_at timestamptz not null
);
comment on table access.accounts is 'AWS accounts; the first is the installation''s own, which environments are of';
insert into access.accounts (id, name, created_at) values ('000000000000', 'installation', now());

create table access.access_keys (
    id text primary key constraint access_keys_id_form check (id ~ '^AKIA[A-Z2-7]{16}$'),
    account_id text not null references access.accounts,
    user_id text not null references control.users on delete cascade,
    secret_sealed bytea not null,
    -- A policy document that narrows what the key's user may; null: nothing does.
    policy text,
    status text not null constraint access_keys_status_known check (status in ('active', 'inactive')),
    created_at timestamptz not null,
    last_used_on date
);
create index access_keys_of_user on access.access_keys (user_id);
comment on column access.access_keys.secret_sealed is
    'Signatures are checked with the secret itself, so it is sealed (AES-256-GCM), not hashed';

create table access.user_policies (
    user_id text not null references control.users on delete cascade,
    name text not null,
    document text not null,
    primary key (user_id, name)
);
comment on table access.user_policies is 'What a user may beyond the role on the platform, or may not';

create table access.roles (
    account_id text not null references access.accounts,
    name text not null constraint roles_name_form check (name ~ '^[A-Za-z0-9+=,.@_-]{1,64}$'),
    -- A policy document: who may assume the role.
    trust text not null,
    -- {name: policy document as text}
    policies jsonb not null,
    max_session_seconds int not null
        constraint roles_session_in_range check (max_session_seconds between 3600 and 43200),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (account_id, name)
);

-- What services need to know of the control plane's tables, and no more.
create view access.people as select id, name, role from control.users;
create view access.environments as
    select id, application_id, terminated_at is null as living from control.environments;
