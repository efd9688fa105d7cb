-- Queues and their messages. Times are milliseconds since 1970 by the database's clock, because the
-- hottest statements compare and order them. Message tables may also live in further databases
-- (message stores), which run this same history; queues themselves are only in the first.
create schema messaging;

create sequence messaging.queue_ids;

create table messaging.queues (
    -- Which messages are the queue's. A purge gives the queue a new id and leaves the old messages behind.
    id bigint primary key,
    account text not null,
    region text not null,
    name text not null,
    store text not null,
    fifo boolean not null,
    attributes jsonb not null,
    tags jsonb not null default '{}',
    application_id text,
    -- ARN of its dead-letter queue, for the question which queues name that one.
    dead_letter_arn text,
    created_at bigint not null,
    modified_at bigint not null,
    purged_at bigint,
    constraint queues_key_unique unique (account, region, name)
);
create index queues_by_dead_letter on messaging.queues (dead_letter_arn) where dead_letter_arn is not null;
create index queues_by_application on messaging.queues (application_id) where application_id is not null;

create table messaging.deleted_queues (
    account text not null,
    region text not null,
    name text not null,
    deleted_at bigint not null,
    primary key (account, region, name)
);
comment on table messaging.deleted_queues is 'Names that may not be used again for 60 seconds';

create table messaging.leftovers (
    queue_id bigint primary key,
    store text not null,
    fifo boolean not null,
    -- A purge: messages sent after it, by a server that did not know of it yet, belong to this id.
    successor bigint,
    -- Messages up to this id were there before the purge; null: all go.
    through bigint,
    since bigint not null
);
comment on table messaging.leftovers is 'Queue ids of deleted or purged queues whose messages still have to be removed';

create table messaging.move_tasks (
    id bigint generated always as identity primary key,
    handle text not null constraint move_tasks_handle_unique unique,
    source_arn text not null,
    destination_arn text,
    rate int,
    status text not null constraint move_tasks_status_known
        check (status in ('RUNNING', 'COMPLETED', 'CANCELLING', 'CANCELLED', 'FAILED')),
    moved bigint not null default 0,
    to_move bigint,
    -- Messages of the source up to this id are moved.
    through bigint not null,
    started_at bigint not null,
    failure text,
    -- The process at work on it holds it until then.
    lease_until bigint not null default 0
);
create unique index move_tasks_one_running on messaging.move_tasks (source_arn)
    where status in ('RUNNING', 'CANCELLING');

-- What follows is in every message store.

-- Ids of messages: the order in which they were sent.
create sequence messaging.message_ids cache 1;

create table messaging.messages (
    queue_id bigint not null,
    id bigint not null,
    -- From when it may be received: the end of its delay, or of its visibility timeout.
    visible_at bigint not null,
    sent_at bigint not null,
    first_received_at bigint,
    receive_count int not null default 0,
    message_id uuid not null,
    group_id text,
    -- Attributes and who sent it; see services/sqs/src/store/meta.rs.
    meta bytea not null,
    -- ARN of the queue it was moved from when it was received too often.
    dead_letter_source text,
    -- Sealed where the queue says so; see services/sqs/src/backend/seal.rs.
    body bytea not null,
    primary key (queue_id, id)
);
-- A receive writes the row anew. Bodies of more than about 2 KB stand apart and are not written again; to
-- write smaller ones again costs less than to keep them apart (measured at 1 KB: a fifth less in all).
alter table messaging.messages alter column body set storage external;
alter table messaging.messages set (
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_insert_threshold = 200000,
    autovacuum_analyze_scale_factor = 0.2, autovacuum_vacuum_cost_delay = 0,
    toast.autovacuum_vacuum_scale_factor = 0.0, toast.autovacuum_vacuum_threshold = 20000,
    toast.autovacuum_vacuum_cost_delay = 0
);
create index messages_ready on messaging.messages (queue_id, visible_at);
create index messages_by_group on messaging.messages (queue_id, group_id, visible_at) where group_id is not null;

create table messaging.fifo_groups (
    queue_id bigint not null,
    group_id text not null,
    -- From when its next messages may be received; while some are in flight, the end of the last one's timeout.
    ready_at bigint not null,
    primary key (queue_id, group_id)
) with (fillfactor = 70);
alter table messaging.fifo_groups set (
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);
create index fifo_groups_ready on messaging.fifo_groups (queue_id, ready_at);
comment on table messaging.fifo_groups is
    'A row while the group has messages. Whoever adds, receives or removes messages of a group holds its row''s lock';

create table messaging.fifo_messages (
    queue_id bigint not null,
    id bigint not null,
    group_id text not null,
    visible_at bigint not null,
    sent_at bigint not null,
    first_received_at bigint,
    receive_count int not null default 0,
    message_id uuid not null,
    deduplication_id text not null,
    meta bytea not null,
    dead_letter_source text,
    body bytea not null,
    primary key (queue_id, id)
);
alter table messaging.fifo_messages alter column body set storage external;
alter table messaging.fifo_messages set (
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0,
    toast.autovacuum_vacuum_scale_factor = 0.0, toast.autovacuum_vacuum_threshold = 20000,
    toast.autovacuum_vacuum_cost_delay = 0
);
create index fifo_messages_in_order on messaging.fifo_messages (queue_id, group_id, id);

create table messaging.fifo_deduplication (
    queue_id bigint not null,
    -- The message group, where that is the scope; else empty.
    scope text not null,
    deduplication_id text not null,
    expires_at bigint not null,
    message_id uuid not null,
    -- The first message's id, which its sequence number is made of.
    id bigint not null,
    primary key (queue_id, scope, deduplication_id)
);
create index fifo_deduplication_expired on messaging.fifo_deduplication (expires_at);

create table messaging.fifo_attempts (
    queue_id bigint not null,
    attempt text not null,
    expires_at bigint not null,
    -- What that receive handed out: ids, and how often each had been received then.
    ids bigint[] not null,
    receives int[] not null,
    primary key (queue_id, attempt)
);
create index fifo_attempts_expired on messaging.fifo_attempts (expires_at);

create table messaging.queue_counts (
    queue_id bigint not null,
    -- Several rows a queue, so that writers at work at the same time need not wait for each other.
    lane int not null,
    messages bigint not null,
    primary key (queue_id, lane)
) with (fillfactor = 50);
comment on table messaging.queue_counts is 'How many messages a queue has: the sum over its lanes';
