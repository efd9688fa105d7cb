//! Two servers on one database: clients may speak to either at any time.

use std::time::{Duration, Instant};

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use beanpole_testkit::Queues;

use crate::clients::{body, client, create, delete, drained, receive, send};

/// How long after a send at one server a poll that waits at the other has the message.
async fn woken(sender: &Client, receiver: &Client, queue: &str, idle: &str, text: &str) -> Duration {
    let waits = receive(receiver, queue, 20);
    let sends = async {
        // A poll of an empty queue takes its second: by then the other one waits.
        receive(receiver, idle, 1).await;
        let started = Instant::now();
        send(sender, queue, text).await;
        started
    };
    let (messages, started) = tokio::join!(
        async {
            let messages = waits.await;
            (messages, Instant::now())
        },
        sends
    );
    let (messages, ended) = messages;
    assert_eq!(messages.iter().map(body).collect::<Vec<_>>(), [text]);
    delete(receiver, queue, &messages[0]).await;
    ended.saturating_duration_since(started)
}

#[tokio::test]
async fn a_send_at_one_server_wakes_a_poll_at_the_other() {
    let queues = Queues::new("two_servers_wake").await;
    let (one, other) = (queues.serve().await, queues.serve().await);
    let (one, other) = (client(&one), client(&other));
    let queue = create(&one, "waking", &[]).await;
    let idle = create(&other, "idle", &[]).await;
    for round in 0..4 {
        let (sender, receiver) = if round % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        let took = woken(sender, receiver, &queue, &idle, &format!("round {round}")).await;
        assert!(
            took < Duration::from_secs(1),
            "round {round}: woken after {took:?}"
        );
    }
    drained(&one, &queue).await;
}

#[tokio::test]
async fn what_one_server_did_holds_at_the_other() {
    let queues = Queues::new("two_servers_agree").await;
    let (one, other) = (queues.serve().await, queues.serve().await);
    let (one, other) = (client(&one), client(&other));

    let hidden = [(QueueAttributeName::VisibilityTimeout, "60")];
    let queue = create(&one, "jobs", &hidden).await;
    send(&other, &queue, "job").await;
    let taken = receive(&one, &queue, 2).await;
    assert_eq!(taken.len(), 1);
    assert!(
        receive(&other, &queue, 0).await.is_empty(),
        "in flight there, too"
    );
    delete(&other, &queue, &taken[0]).await;
    drained(&one, &queue).await;

    let fifo = [
        (QueueAttributeName::FifoQueue, "true"),
        (QueueAttributeName::ContentBasedDeduplication, "true"),
        (QueueAttributeName::VisibilityTimeout, "60"),
    ];
    let queue = create(&one, "order.fifo", &fifo).await;
    let sent: Vec<String> = (0..6).map(|number| format!("m{number}")).collect();
    for text in &sent {
        // Each is sent at both: the repetition is dropped wherever it is.
        for server in [&one, &other] {
            let send = server.send_message().queue_url(&queue).message_body(text);
            send.message_group_id("g").send().await.unwrap();
        }
    }
    let mut got = Vec::new();
    for round in 0..sent.len() {
        let (here, there) = if round % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        let receive_one = here.receive_message().queue_url(&queue).wait_time_seconds(2);
        let answer = receive_one.max_number_of_messages(1).send().await.unwrap();
        let message = &answer.messages()[0];
        got.push(body(message).to_owned());
        let held = receive(there, &queue, 0).await;
        assert!(held.is_empty(), "round {round}: the group is held at both");
        delete(here, &queue, message).await;
    }
    assert_eq!(got, sent);
    drained(&other, &queue).await;
}
