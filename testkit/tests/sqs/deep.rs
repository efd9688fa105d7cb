//! Queues that grew from nothing to very long ones: a call reads the rows that it is about, and not the
//! queue, also while the database's statistics still say that its tables are empty.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use beanpole_testkit::{Queues, eventually};
use sqlx::{Connection, Executor, PgConnection};

use crate::clients::{body, client, create, delete};

const DEPTH: i64 = 20_000;
const CYCLES: i64 = 20;

/// For deduplication ids of their own.
static SENT: AtomicU64 = AtomicU64::new(0);

/// As vacuum leaves tables that hold a message or two.
const STATISTICS: &str = "vacuum analyze messaging.messages, messaging.fifo_messages, messaging.fifo_groups";

/// Copies the one message of the standard queue; ids go on from its own.
const LENGTHEN: &str = "
insert into messaging.messages (queue_id, id, visible_at, sent_at, message_id, meta, body)
select m.queue_id, nextval('messaging.message_ids'), m.visible_at, m.sent_at, gen_random_uuid(), m.meta, m.body
from messaging.messages m, generate_series(1, $1::bigint)";

/// The same of the FIFO queue, with two messages to a group.
const LENGTHEN_FIFO: &str = "
with added as (
    insert into messaging.fifo_messages (queue_id, id, group_id, visible_at, sent_at, message_id,
        deduplication_id, meta, body)
    select m.queue_id, nextval('messaging.message_ids'), 'g' || n / 2, m.visible_at, m.sent_at,
        gen_random_uuid(), n::text, m.meta, m.body
    from messaging.fifo_messages m, generate_series(1, $1::bigint) n
    returning queue_id, group_id)
insert into messaging.fifo_groups (queue_id, group_id, ready_at)
select distinct queue_id, group_id, 0::bigint from added";

/// Rows found through indexes of messages and groups so far, messages changed, and messages deleted.
async fn work_done(database: &mut PgConnection) -> (i64, i64, i64) {
    let sums = "
        select (select sum(idx_tup_read)::bigint from pg_stat_user_indexes
                where relname in ('messages', 'fifo_messages', 'fifo_groups')),
            sum(n_tup_upd)::bigint, sum(n_tup_del)::bigint
        from pg_stat_user_tables where relname in ('messages', 'fifo_messages')";
    sqlx::query_as(sums).fetch_one(database).await.unwrap()
}

async fn send(client: &Client, queue: &str, group: Option<&str>) {
    let send = client.send_message().queue_url(queue).message_body("job");
    let send = send.set_message_group_id(group.map(str::to_owned));
    let id = group.map(|_| SENT.fetch_add(1, Ordering::Relaxed).to_string());
    send.set_message_deduplication_id(id).send().await.unwrap();
}

async fn cycle(client: &Client, queue: &str, group: Option<&str>) {
    send(client, queue, group).await;
    let receive = client.receive_message().queue_url(queue).wait_time_seconds(5);
    let answer = receive.send().await.unwrap();
    let message = &answer.messages()[0];
    assert_eq!(body(message), "job");
    let change = client.change_message_visibility().queue_url(queue);
    let change = change.receipt_handle(message.receipt_handle().unwrap());
    change.visibility_timeout(600).send().await.unwrap();
    delete(client, queue, message).await;
}

#[tokio::test]
async fn calls_on_a_queue_that_grew_long_read_what_they_are_about() {
    let queues = Queues::new("deep").await;
    let server = queues.serve().await;
    let client = client(&server);
    let mut database = PgConnection::connect(&queues.database).await.unwrap();
    let plain = (QueueAttributeName::SqsManagedSseEnabled, "false");
    let ordered = [plain.clone(), (QueueAttributeName::FifoQueue, "true")];
    let standard = create(&client, "deep", &[plain]).await;
    let fifo = create(&client, "deep.fifo", &ordered).await;
    // Plans are made while tables are known to be almost empty, and kept.
    for (queue, group) in [(&standard, None), (&fifo, Some("first"))] {
        cycle(&client, queue, group).await;
        send(&client, queue, group).await;
    }
    database.execute(STATISTICS).await.unwrap();
    for (queue, group) in [(&standard, None), (&fifo, Some("first"))] {
        cycle(&client, queue, group).await;
    }
    for statement in [LENGTHEN, LENGTHEN_FIFO] {
        sqlx::query(statement)
            .bind(DEPTH)
            .execute(&mut database)
            .await
            .unwrap();
    }

    let (read, changed, deleted) = work_done(&mut database).await;
    for _ in 0..CYCLES {
        cycle(&client, &standard, None).await;
        cycle(&client, &fifo, Some("first")).await;
    }
    // What connections did is written down some seconds after they fell silent.
    let now_read = eventually("the work is written down", Duration::from_secs(60), || async {
        let mut database = PgConnection::connect(&queues.database).await.unwrap();
        let (now_read, now_changed, now_deleted) = work_done(&mut database).await;
        let written = now_changed - changed >= 4 * CYCLES && now_deleted - deleted >= 2 * CYCLES;
        written.then_some(now_read)
    })
    .await;
    let rows = now_read - read;
    // What a sweep looks at is in it too; a call that goes through its queue makes it ten times as much.
    assert!(
        rows < CYCLES * DEPTH / 2,
        "{rows} rows were read for {CYCLES} cycles on each queue"
    );
}
