-- Queues grow from nothing to millions of messages faster than the planner's statistics follow, and to a
-- planner that believes in a table of one row all indexes that begin with the same column cost the same.
-- These indexes therefore know a queue by an expression of its id: what looks for `queue_id` itself can
-- only use the primary key, what looks for the expression only the index that has it.
drop index messaging.messages_ready;
drop index messaging.messages_by_group;
drop index messaging.fifo_groups_ready;
drop index messaging.fifo_messages_in_order;
create index messages_ready on messaging.messages ((queue_id + 0), visible_at);
create index messages_by_group on messaging.messages ((-queue_id), group_id, visible_at) where group_id is not null;
create index fifo_groups_ready on messaging.fifo_groups ((queue_id + 0), ready_at);
create index fifo_messages_in_order on messaging.fifo_messages ((queue_id + 0), group_id, id);
