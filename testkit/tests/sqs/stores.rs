//! Messages in two databases: queues are placed on both, and it does not show.

use std::time::Duration;

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use beanpole_testkit::{Queues, eventually};
use sqlx::{Connection, PgConnection};

use crate::clients::{attribute, body, client, create, delete, drained, receive, redrive, send};

/// How many messages, and of how many queues, lie in a database.
async fn kept(url: &str) -> (i64, i64) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let count = "select count(*), count(distinct queue_id) from messaging.messages";
    sqlx::query_as(count).fetch_one(&mut connection).await.unwrap()
}

/// How many messages lie in each of two databases.
async fn everywhere(first: &str, second: &str) -> (i64, i64) {
    (kept(first).await.0, kept(second).await.0)
}

async fn drain(client: &Client, queue: &str) -> Vec<String> {
    let mut got = Vec::new();
    loop {
        let messages = receive(client, queue, 0).await;
        if messages.is_empty() {
            return got;
        }
        for message in &messages {
            got.push(body(message).to_owned());
            delete(client, queue, message).await;
        }
    }
}

#[tokio::test]
async fn queues_are_placed_on_both_stores_and_work_on_each() {
    let queues = Queues::with_second_store("two_stores").await;
    let server = queues.serve().await;
    let client = client(&server);
    let mut urls = Vec::new();
    for number in 0..4 {
        let queue = create(&client, &format!("jobs-{number}"), &[]).await;
        for message in 0..3 {
            send(&client, &queue, &format!("{number}.{message}")).await;
        }
        urls.push(queue);
    }
    let second = queues.second_store.as_deref().unwrap();
    assert_eq!(kept(&queues.database).await, (6, 2));
    assert_eq!(kept(second).await, (6, 2));
    for (number, queue) in urls.iter().enumerate() {
        let mut got = drain(&client, queue).await;
        got.sort_unstable();
        assert_eq!(got, [0, 1, 2].map(|message| format!("{number}.{message}")));
        drained(&client, queue).await;
    }
    assert_eq!(kept(&queues.database).await, (0, 0));
    assert_eq!(kept(second).await, (0, 0));
}

#[tokio::test]
async fn dead_letters_go_to_another_store_and_come_back() {
    let queues = Queues::with_second_store("dead_letters_between_stores").await;
    let server = queues.serve().await;
    let client = client(&server);
    // One after the other, so that they are placed on different stores.
    let dead = create(&client, "dead", &[]).await;
    let policy = redrive(&client, &dead, 1).await;
    let attributes = [
        (QueueAttributeName::RedrivePolicy, policy.as_str()),
        (QueueAttributeName::VisibilityTimeout, "0"),
    ];
    let source = create(&client, "source", &attributes).await;
    for number in 0..5 {
        send(&client, &source, &format!("m{number}")).await;
    }
    let second = queues.second_store.as_deref().unwrap();
    let before = everywhere(&queues.database, second).await;
    assert!([(5, 0), (0, 5)].contains(&before), "{before:?}");
    let moved = (before.1, before.0);
    eventually("all letters are dead", Duration::from_secs(20), || async {
        receive(&client, &source, 0).await;
        (everywhere(&queues.database, second).await == moved).then_some(())
    })
    .await;
    let count = QueueAttributeName::ApproximateNumberOfMessages;
    assert_eq!(attribute(&client, &dead, count).await, "5");

    let arn = attribute(&client, &dead, QueueAttributeName::QueueArn).await;
    client
        .start_message_move_task()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    let task = eventually("the move ends", Duration::from_secs(30), || async {
        let tasks = client
            .list_message_move_tasks()
            .source_arn(&arn)
            .send()
            .await
            .unwrap();
        tasks
            .results()
            .first()
            .filter(|task| task.status() != Some("RUNNING"))
            .cloned()
    })
    .await;
    assert_eq!(task.status(), Some("COMPLETED"), "{task:?}");
    assert_eq!(task.approximate_number_of_messages_moved(), 5);
    drained(&client, &dead).await;
    assert_eq!(everywhere(&queues.database, second).await, before);
    let mut got = Vec::new();
    for _ in 0..5 {
        let change = client.receive_message().queue_url(&source).visibility_timeout(60);
        let answer = change.wait_time_seconds(2).send().await.unwrap();
        got.extend(answer.messages().iter().map(|message| body(message).to_owned()));
    }
    got.sort_unstable();
    assert_eq!(got, [0, 1, 2, 3, 4].map(|number| format!("m{number}")));
}
