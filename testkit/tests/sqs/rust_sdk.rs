//! AWS's SDK for Rust.

use aws_sdk_sqs::{
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{
        DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName,
        SendMessageBatchRequestEntry,
    },
};
use beanpole_testkit::Queues;

use crate::clients::{body, client, create, delete, drained, receive};

fn entry(id: usize, body: &str) -> SendMessageBatchRequestEntry {
    let entry = SendMessageBatchRequestEntry::builder().id(id.to_string());
    entry.message_body(body).build().unwrap()
}

#[tokio::test]
async fn the_sdk_for_rust_sends_receives_and_deletes() {
    let queues = Queues::new("rust_sdk").await;
    let server = queues.serve().await;
    let client = client(&server);
    let queue = create(&client, "jobs", &[]).await;

    let value = MessageAttributeValue::builder()
        .data_type("Binary")
        .binary_value(Blob::new([0, 255, 7]))
        .build()
        .unwrap();
    let send = client.send_message().queue_url(&queue).message_body("one €");
    let sent = send
        .message_attributes("bytes", value.clone())
        .send()
        .await
        .unwrap();
    let receive_one = client.receive_message().queue_url(&queue).wait_time_seconds(2);
    let received = receive_one
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    let message = &received.messages()[0];
    assert_eq!(
        (body(message), message.message_id()),
        ("one €", sent.message_id())
    );
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(
        message.md5_of_message_attributes(),
        sent.md5_of_message_attributes()
    );
    assert_eq!(message.message_attributes().unwrap()["bytes"], value);
    let told = message.attributes().unwrap();
    assert_eq!(told[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    delete(&client, &queue, message).await;

    let batch = client.send_message_batch().queue_url(&queue);
    let entries = (0..9).map(|id| entry(id, "fine")).chain([entry(9, "\u{1}")]);
    let answer = batch.set_entries(Some(entries.collect())).send().await.unwrap();
    assert_eq!(answer.successful().len(), 9);
    let failed = &answer.failed()[0];
    assert_eq!(
        (failed.id(), failed.code(), failed.sender_fault()),
        ("9", "InvalidMessageContents", true)
    );

    let mut messages = Vec::new();
    while messages.len() < 9 {
        messages.extend(receive(&client, &queue, 2).await);
    }
    let entries = messages.iter().enumerate().map(|(id, message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(id.to_string());
        entry
            .receipt_handle(message.receipt_handle().unwrap())
            .build()
            .unwrap()
    });
    let batch = client.delete_message_batch().queue_url(&queue);
    let answer = batch.set_entries(Some(entries.collect())).send().await.unwrap();
    assert_eq!((answer.successful().len(), answer.failed().len()), (9, 0));
    drained(&client, &queue).await;

    let missing = client
        .get_queue_url()
        .queue_name("nope")
        .send()
        .await
        .unwrap_err();
    // The SDK finds its own type by the name that JSON has, and tells the one that Query had.
    assert!(
        missing.as_service_error().unwrap().is_queue_does_not_exist(),
        "{missing:?}"
    );
    let malformed = client.delete_message().queue_url(&queue).receipt_handle("abc");
    let malformed = malformed.send().await.unwrap_err().into_service_error();
    assert!(malformed.is_receipt_handle_is_invalid(), "{malformed:?}");
    assert!(malformed.message().unwrap().contains("abc"), "{malformed:?}");
}
