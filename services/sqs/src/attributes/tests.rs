//! Attributes in and out, as a caller sees them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    errors,
    examples::{key, queue},
    model::{Attributes, Kind, Queue, queue::Counts},
};

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    pairs.iter().map(own).collect()
}

fn with(queue: Queue, pairs: &[(&str, &str)]) -> Result<Queue, beanpole_wire::AwsError> {
    let changes = changes(&given(pairs), queue.kind)?;
    let attributes = apply(&queue.attributes, &changes)?;
    Ok(Queue { attributes, ..queue })
}

fn told(queue: &Queue) -> BTreeMap<&'static str, String> {
    render(&wanted(&["All".to_owned()]).unwrap(), queue, Counts::default())
}

#[test]
fn what_is_reset_is_as_in_a_new_queue_and_the_rest_stays() {
    let changed = with(
        queue("jobs"),
        &[
            ("DelaySeconds", "3"),
            ("VisibilityTimeout", "4"),
            ("KmsMasterKeyId", "k"),
        ],
    )
    .unwrap();
    let names = [Name::DelaySeconds, Name::KmsMasterKeyId, Name::QueueArn];
    let attributes = reset(&changed.attributes, names);
    let expected = with(queue("jobs"), &[("VisibilityTimeout", "4")]).unwrap();
    assert_eq!(attributes, expected.attributes);
    assert_eq!(reset(&changed.attributes, Name::ALL), Attributes::default());
}

#[test]
fn a_standard_queue_has_the_defaults_and_nothing_of_fifo() {
    let expected = [
        ("ApproximateNumberOfMessages", "0"),
        ("ApproximateNumberOfMessagesDelayed", "0"),
        ("ApproximateNumberOfMessagesNotVisible", "0"),
        ("CreatedTimestamp", "1700000000"),
        ("DelaySeconds", "0"),
        ("LastModifiedTimestamp", "1700000100"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("QueueArn", "arn:aws:sqs:us-east-1:000000000000:jobs"),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("SqsManagedSseEnabled", "true"),
        ("VisibilityTimeout", "30"),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(name, value)| (name, value.to_owned())).into();
    assert_eq!(told(&queue("jobs")), expected);
}

#[test]
fn a_fifo_queue_tells_its_four_attributes() {
    let told = told(&queue("jobs.fifo"));
    assert_eq!(told["FifoQueue"], "true");
    assert_eq!(told["ContentBasedDeduplication"], "false");
    assert_eq!(told["DeduplicationScope"], "queue");
    assert_eq!(told["FifoThroughputLimit"], "perQueue");
}

#[test]
fn numbers_out_of_range_are_invalid_values() {
    for (name, least, most) in [
        ("DelaySeconds", 0, 900),
        ("MaximumMessageSize", 1024, 1_048_576),
        ("MessageRetentionPeriod", 60, 1_209_600),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("VisibilityTimeout", 0, 43_200),
        ("KmsDataKeyReusePeriodSeconds", 60, 86_400),
    ] {
        for good in [least, most] {
            assert!(
                with(queue("q"), &[(name, &good.to_string())]).is_ok(),
                "{name} {good}"
            );
        }
        for bad in [
            (least - 1).to_string(),
            (most + 1).to_string(),
            "x".to_owned(),
            String::new(),
            "+60".to_owned(),
        ] {
            let error = with(queue("q"), &[(name, &bad)]).unwrap_err();
            assert_eq!(error.kind, errors::INVALID_ATTRIBUTE_VALUE);
            assert_eq!(error.message, format!("Invalid value for the parameter {name}."));
        }
    }
}

#[test]
fn read_only_unknown_and_fifo_attributes_are_unknown_on_a_standard_queue() {
    for (name, value) in [
        ("QueueArn", "x"),
        ("CreatedTimestamp", "1"),
        ("ApproximateNumberOfMessages", "1"),
        ("Colour", "red"),
        ("All", ""),
        ("FifoQueue", "false"),
        ("ContentBasedDeduplication", "true"),
        ("DeduplicationScope", "queue"),
        ("FifoThroughputLimit", "perQueue"),
    ] {
        let error = with(queue("q"), &[(name, value)]).unwrap_err();
        assert_eq!(error.kind, errors::INVALID_ATTRIBUTE_NAME);
        assert_eq!(error.message, format!("Unknown Attribute {name}."));
    }
}

#[test]
fn throughput_by_group_needs_deduplication_by_group() {
    let fifo = || queue("q.fifo");
    assert!(with(fifo(), &[("FifoThroughputLimit", "perMessageGroupId")]).is_err());
    let both = [
        ("FifoThroughputLimit", "perMessageGroupId"),
        ("DeduplicationScope", "messageGroup"),
    ];
    let high = with(fifo(), &both).unwrap();
    assert!(with(high, &[("DeduplicationScope", "queue")]).is_err());
}

#[test]
fn one_kind_of_encryption_at_a_time() {
    let both = [("KmsMasterKeyId", "alias/a"), ("SqsManagedSseEnabled", "true")];
    assert!(with(queue("q"), &both).is_err());
    let keyed = with(queue("q"), &[("KmsMasterKeyId", "alias/a")]).unwrap();
    assert_eq!(told(&keyed)["SqsManagedSseEnabled"], "false");
    assert_eq!(told(&keyed)["KmsDataKeyReusePeriodSeconds"], "300");
    let slower = with(keyed.clone(), &[("KmsDataKeyReusePeriodSeconds", "60")]).unwrap();
    assert_eq!(told(&slower)["KmsDataKeyReusePeriodSeconds"], "60");
    let managed = with(keyed.clone(), &[("SqsManagedSseEnabled", "true")]).unwrap();
    assert_eq!(told(&managed).get("KmsMasterKeyId"), None);
    let off = with(keyed, &[("KmsMasterKeyId", "")]).unwrap();
    assert_eq!(told(&off)["SqsManagedSseEnabled"], "false");
}

#[test]
fn an_empty_text_takes_a_policy_away() {
    let redrive = format!(
        r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":3}}"#,
        key("dead").arn()
    );
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}"#;
    let set = with(queue("q"), &[("RedrivePolicy", &redrive), ("Policy", policy)]).unwrap();
    assert_eq!(told(&set)["RedrivePolicy"], redrive);
    assert_eq!(told(&set)["Policy"], policy);
    let gone = with(set, &[("RedrivePolicy", ""), ("Policy", "")]).unwrap();
    assert_eq!(gone.attributes, Attributes::default());
}

#[test]
fn only_given_attributes_are_compared() {
    let existing = with(queue("q"), &[("DelaySeconds", "5"), ("VisibilityTimeout", "7")]).unwrap();
    let difference =
        |pairs| first_difference(&existing, &changes(&given(pairs), Kind::Standard).unwrap()).unwrap();
    assert_eq!(difference(&[]), None);
    assert_eq!(
        difference(&[("DelaySeconds", "5"), ("SqsManagedSseEnabled", "true")]),
        None
    );
    assert_eq!(
        difference(&[("DelaySeconds", "5"), ("VisibilityTimeout", "8")]),
        Some(Name::VisibilityTimeout)
    );
}

#[test]
fn an_unknown_name_is_refused_when_asked_for() {
    assert_eq!(
        wanted(&["Colour".to_owned()]).unwrap_err().message,
        "Unknown Attribute Colour."
    );
    assert_eq!(wanted(&[]).unwrap(), []);
}

proptest! {
    #[test]
    fn what_is_told_can_be_given_back(
        delay in 0_u32..=900, size in 1024_u32..=1_048_576, retention in 60_u32..=1_209_600,
        wait in 0_u32..=20, visible in 0_u32..=43_200, count in 1_u32..=1000,
        content in any::<bool>(), by_group in any::<bool>(), key_id in "[a-z/]{0,12}", reuse in 60_u32..=86_400,
    ) {
        let redrive = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":"{count}"}}"#, key("d.fifo").arn());
        let scope = if by_group { "messageGroup" } else { "queue" };
        let first = with(queue("q.fifo"), &[
            ("DelaySeconds", &delay.to_string()), ("MaximumMessageSize", &size.to_string()),
            ("MessageRetentionPeriod", &retention.to_string()), ("VisibilityTimeout", &visible.to_string()),
            ("ReceiveMessageWaitTimeSeconds", &wait.to_string()), ("RedrivePolicy", &redrive),
            ("ContentBasedDeduplication", &content.to_string()), ("DeduplicationScope", scope),
            ("KmsMasterKeyId", &key_id), ("KmsDataKeyReusePeriodSeconds", &reuse.to_string()),
        ]).unwrap();
        let mut again: BTreeMap<String, String> =
            told(&first).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        again.retain(|name, _| name.parse::<Name>().unwrap().settable_on(Kind::Fifo));
        let changes = changes(&again, Kind::Fifo).unwrap();
        prop_assert_eq!(apply(&Attributes::default(), &changes).unwrap(), first.attributes);
    }
}
