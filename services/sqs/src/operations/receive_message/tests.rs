//! What a receive asks for and what it tells.

use serde_json::{Value, json};

use super::*;
use crate::{
    examples::{answer, queue},
    model::message::{Attribute, AttributeValue},
};

fn delivered() -> Delivered {
    let attribute = |data_type: &str, value: &str| Attribute {
        data_type: data_type.to_owned(),
        value: AttributeValue::String(value.to_owned()),
    };
    Delivered {
        message_id: "id".to_owned(),
        receipt_handle: "handle".to_owned(),
        body: "hello".to_owned(),
        attributes: BTreeMap::from([
            ("app.id".to_owned(), attribute("Number", "7")),
            ("other".to_owned(), attribute("String", "x")),
        ]),
        trace_header: None,
        sender: "000000000000".to_owned(),
        sent_at: 1_700_000_000_001,
        first_received_at: 1_700_000_000_002,
        receive_count: 2,
        group: Some("g".to_owned()),
        deduplication_id: None,
        sequence_number: None,
        dead_letter_source: None,
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn as_json(system: &[&str], asked: &[&str]) -> Value {
    let system = system::asked(names(system).iter()).unwrap();
    serde_json::to_value(told(delivered(), &system, &names(asked))).unwrap()
}

#[test]
fn nothing_is_told_that_was_not_asked_for() {
    let expected = json!({
        "MessageId": "id", "ReceiptHandle": "handle", "Body": "hello",
        "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
    });
    assert_eq!(as_json(&[], &[]), expected);
}

#[test]
fn the_digest_is_of_the_returned_attributes() {
    let some = as_json(&[], &["app.*"]);
    assert_eq!(
        some["MessageAttributes"],
        json!({ "app.id": { "DataType": "Number", "StringValue": "7" } })
    );
    assert_ne!(
        some["MD5OfMessageAttributes"],
        as_json(&[], &["All"])["MD5OfMessageAttributes"]
    );
}

#[test]
fn all_tells_every_system_attribute_that_the_message_has() {
    let expected = json!({
        "SenderId": "000000000000", "SentTimestamp": "1700000000001", "ApproximateReceiveCount": "2",
        "ApproximateFirstReceiveTimestamp": "1700000000002", "MessageGroupId": "g",
    });
    assert_eq!(as_json(&["All"], &[])["Attributes"], expected);
    assert_eq!(
        as_json(&["SenderId", "SequenceNumber"], &[])["Attributes"],
        json!({ "SenderId": "000000000000" })
    );
    assert_eq!(as_json(&["QueueArn"], &[]).get("Attributes"), None);
    let unknown = system::asked(names(&["Colour"]).iter()).unwrap_err();
    assert_eq!(unknown.message, "Unknown Attribute Colour.");
}

#[test]
fn both_lists_of_names_are_asked() {
    let request = ReceiveMessage {
        attribute_names: Some(names(&["SenderId"])),
        message_system_attribute_names: Some(names(&["SentTimestamp"])),
        ..ReceiveMessage::default()
    };
    let asked = request.system_attributes().unwrap();
    assert_eq!(
        asked.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        ["SenderId", "SentTimestamp"]
    );
}

#[test]
fn the_queue_says_what_the_call_does_not() {
    let mut queue = queue("jobs");
    queue.attributes.receive_wait = Duration::from_secs(7);
    let wanted = ReceiveMessage::default().wanted(&queue).unwrap();
    assert_eq!(
        (wanted.max, wanted.wait, wanted.visibility),
        (1, Duration::from_secs(7), Duration::from_secs(30))
    );
    let own = ReceiveMessage {
        wait_time_seconds: Some(0),
        visibility_timeout: Some(0),
        max_number_of_messages: Some(10),
        ..ReceiveMessage::default()
    };
    let wanted = own.wanted(&queue).unwrap();
    assert_eq!(
        (wanted.max, wanted.wait, wanted.visibility),
        (10, Duration::ZERO, Duration::ZERO)
    );
}

#[test]
fn numbers_out_of_range_are_refused() {
    let most = |max| ReceiveMessage {
        max_number_of_messages: Some(max),
        ..ReceiveMessage::default()
    };
    let wait = |seconds| ReceiveMessage {
        wait_time_seconds: Some(seconds),
        ..ReceiveMessage::default()
    };
    let table = [
        (
            most(0),
            "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        (
            most(11),
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        (
            wait(-1),
            "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            wait(21),
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
    ];
    for (request, text) in table {
        assert_eq!(request.wanted(&queue("jobs")).unwrap_err().message, text);
    }
}

#[test]
fn messages_have_their_members_in_both_protocols() {
    let message = told(delivered(), &[SystemAttribute::SenderId], &names(&["app.id"]));
    let (xml, json) = answer::<ReceiveMessage>(&Received {
        messages: vec![message],
    });
    for part in [
        "<ReceiveMessageResult><Message>",
        "<MessageId>id</MessageId>",
        "<ReceiptHandle>handle</ReceiptHandle>",
        "<Body>hello</Body>",
        "<Attribute><Name>SenderId</Name><Value>000000000000</Value></Attribute>",
        "<MessageAttribute><Name>app.id</Name><Value>",
        "<StringValue>7</StringValue>",
        "<DataType>Number</DataType>",
        "</Message></ReceiveMessageResult>",
    ] {
        assert!(xml.contains(part), "{part} is not in {xml}");
    }
    assert_eq!(
        json["Messages"][0]["Attributes"],
        json!({ "SenderId": "000000000000" })
    );
}

#[test]
fn no_messages_are_no_member() {
    let (xml, json) = answer::<ReceiveMessage>(&Received { messages: Vec::new() });
    assert!(!xml.contains("<Message"), "{xml}");
    assert_eq!(json, json!({}));
}
