//! AWS's own client for Rust, and the few calls that tests of others need.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{Message, QueueAttributeName},
};
use beanpole_testkit::{
    eventually,
    queues::{ACCOUNT, REGION, Server},
};

/// The versions of today: boto3 speaks JSON.
pub const TODAY: &str = include_str!("python/today.txt");

pub fn client(server: &Server) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(ACCOUNT, "any", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(server.url())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

pub async fn create(client: &Client, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
    let attributes: HashMap<_, _> = attributes
        .iter()
        .map(|(name, value)| (name.clone(), (*value).to_owned()))
        .collect();
    let create = client.create_queue().queue_name(name);
    let created = create.set_attributes(Some(attributes)).send().await.unwrap();
    created.queue_url.unwrap()
}

pub async fn attribute(client: &Client, queue: &str, name: QueueAttributeName) -> String {
    let get = client.get_queue_attributes().queue_url(queue);
    let answer = get.attribute_names(name.clone()).send().await.unwrap();
    answer.attributes.unwrap().remove(&name).unwrap()
}

pub async fn send(client: &Client, queue: &str, body: &str) {
    let send = client.send_message().queue_url(queue).message_body(body);
    send.send().await.unwrap();
}

/// Up to ten messages; waits for the first for `wait` seconds.
pub async fn receive(client: &Client, queue: &str, wait: i32) -> Vec<Message> {
    let receive = client.receive_message().queue_url(queue).wait_time_seconds(wait);
    let answer = receive.max_number_of_messages(10).send().await.unwrap();
    answer.messages.unwrap_or_default()
}

pub async fn delete(client: &Client, queue: &str, message: &Message) {
    let handle = message.receipt_handle().unwrap();
    let delete = client.delete_message().queue_url(queue).receipt_handle(handle);
    delete.send().await.unwrap();
}

/// A redrive policy to that queue after `receives` receives.
pub async fn redrive(client: &Client, dead: &str, receives: u32) -> String {
    let arn = attribute(client, dead, QueueAttributeName::QueueArn).await;
    format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{receives}}}"#)
}

/// Waits until a queue has neither visible messages nor any in flight.
pub async fn drained(client: &Client, queue: &str) {
    eventually("the queue is empty", Duration::from_secs(30), || async move {
        let visible = attribute(client, queue, QueueAttributeName::ApproximateNumberOfMessages).await;
        let taken = attribute(
            client,
            queue,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        )
        .await;
        (visible == "0" && taken == "0").then_some(())
    })
    .await;
}

pub fn body(message: &Message) -> &str {
    message.body().unwrap()
}
