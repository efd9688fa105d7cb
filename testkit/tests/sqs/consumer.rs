//! `sqs-consumer` of npm, on AWS's SDK for JavaScript.

use std::{fs, path::PathBuf};

use aws_sdk_sqs::types::QueueAttributeName;
use beanpole_testkit::{Queues, packages, program::Program};

use crate::clients::{body, client, create, drained, receive, redrive, send};

const PACKAGE: &str = include_str!("node/package.json");
const LOCK: &str = include_str!("node/package-lock.json");
const CONSUMER: &str = include_str!("node/consumer.mjs");

#[tokio::test]
async fn a_consumer_handles_each_message_and_a_poisonous_one_ends_in_the_dead_letter_queue() {
    let packages = packages::node(PACKAGE, LOCK).await;
    let queues = Queues::new("consumer").await;
    let server = queues.serve().await;
    let client = client(&server);
    let dead = create(&client, "dead", &[]).await;
    let policy = redrive(&client, &dead, 2).await;
    let attributes = [(QueueAttributeName::RedrivePolicy, policy.as_str())];
    let queue = create(&client, "jobs", &attributes).await;
    let jobs: Vec<String> = (0..40).map(|number| format!("job-{number}")).collect();
    for (number, job) in jobs.iter().enumerate() {
        if number == 7 {
            send(&client, &queue, "poison").await;
        }
        send(&client, &queue, job).await;
    }

    // Node looks for packages beside the script.
    let script = packages.join("consumer.mjs");
    fs::write(&script, CONSUMER).unwrap();
    let mut node = queues.client(PathBuf::from("node"));
    node.arg(script).arg(server.url()).arg(&queue);
    let mut consumer = Program::start(node, &queues.logs.join("consumer.log"));

    let letters = receive(&client, &dead, 20).await;
    let said = consumer.said();
    assert_eq!(letters.iter().map(body).collect::<Vec<_>>(), ["poison"], "{said}");
    drained(&client, &queue).await;
    consumer.assert_running();
    let said = consumer.said();
    let mut handed: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("handed "))
        .collect();
    handed.sort_unstable();
    let mut expected: Vec<&str> = jobs.iter().map(String::as_str).chain(["poison"; 2]).collect();
    expected.sort_unstable();
    assert_eq!(handed, expected, "{said}");
    assert!(!said.contains("error "), "{said}");
}
