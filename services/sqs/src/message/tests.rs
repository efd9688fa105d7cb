//! Messages that are refused, and with which words.

use std::collections::BTreeMap;

use super::{
    attributes::{binary_example, example},
    *,
};
use crate::{examples::queue, model::message::AttributeValue as Value};

const SENDER: Sender<'static> = Sender {
    id: "000000000000",
    trace_header: None,
};

fn draft(body: &str) -> Draft {
    Draft {
        body: Some(body.to_owned()),
        ..Draft::default()
    }
}

fn with_attribute(name: &str, value: AttributeValue) -> Draft {
    Draft {
        attributes: Some(BTreeMap::from([(name.to_owned(), value)])),
        ..draft("body")
    }
}

fn refusal(draft: Draft, queue: &Queue) -> AwsError {
    prepare(draft, queue, SENDER).unwrap_err()
}

#[test]
fn a_body_is_not_empty_and_holds_xml_characters() {
    let queue = queue("jobs");
    for empty in [Draft::default(), draft("")] {
        assert_eq!(
            refusal(empty, &queue).message,
            "The request must contain the parameter MessageBody."
        );
    }
    for bad in ["\0", "a\u{8}", "\u{B}", "\u{FFFE}", "\u{1F}x"] {
        assert_eq!(
            refusal(draft(bad), &queue).kind,
            errors::INVALID_MESSAGE_CONTENTS,
            "{bad:?}"
        );
    }
    for good in [
        "\t\r\n",
        " ",
        "\u{D7FF}\u{E000}\u{FFFD}",
        "\u{10000}\u{10FFFF}",
        "\u{7F}",
    ] {
        assert!(prepare(draft(good), &queue, SENDER).is_ok(), "{good:?}");
    }
}

#[test]
fn body_names_types_and_values_count_against_the_queues_size() {
    let mut queue = queue("jobs");
    queue.attributes.maximum_message_size = 1024;
    let mut sized = with_attribute("name", example("String", "value"));
    sized.body = Some("x".repeat(1024 - 4 - 6 - 5));
    sized.system_attributes = Some(BTreeMap::from([(
        "AWSTraceHeader".to_owned(),
        example("String", "Root=1-5e3d83c1-e6a0db584850d61342823d4c"),
    )]));
    assert_eq!(size(&sized), 1024);
    assert!(prepare(sized.clone(), &queue, SENDER).is_ok());
    sized.body = Some("x".repeat(1024 - 4 - 6 - 4));
    assert_eq!(
        refusal(sized, &queue).message,
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
    );
}

#[test]
fn a_delay_is_within_15_minutes_and_the_queues_own_on_fifo() {
    let delayed = |seconds| Draft {
        delay_seconds: Some(seconds),
        group_id: Some("g".to_owned()),
        ..draft("body")
    };
    for bad in [-1, 901] {
        let text = format!(
            "Value {bad} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        );
        assert_eq!(refusal(delayed(bad), &queue("jobs")).message, text);
    }
    let prepared = prepare(delayed(900), &queue("jobs"), SENDER).unwrap();
    assert_eq!(prepared.outgoing.delay, Some(Duration::from_secs(900)));
    assert_eq!(
        refusal(delayed(5), &queue("jobs.fifo")).message,
        "Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid \
         for this queue type."
    );
}

#[test]
fn fifo_needs_a_group_and_a_way_to_deduplicate() {
    let mut fifo = queue("jobs.fifo");
    assert_eq!(
        refusal(draft("b"), &fifo).message,
        "The request must contain the parameter MessageGroupId."
    );
    let grouped = Draft {
        group_id: Some("g".to_owned()),
        ..draft("hello")
    };
    assert!(
        refusal(grouped.clone(), &fifo)
            .message
            .starts_with("The queue should either have")
    );
    fifo.attributes.content_based_deduplication = true;
    let by_content = prepare(grouped.clone(), &fifo, SENDER).unwrap().outgoing;
    assert_eq!(
        by_content.deduplication_id.as_deref(),
        Some("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
    );
    let given = Draft {
        deduplication_id: Some("id".to_owned()),
        ..grouped
    };
    let given = prepare(given, &fifo, SENDER).unwrap().outgoing;
    assert_eq!(
        (given.deduplication_id.as_deref(), given.group.as_deref()),
        (Some("id"), Some("g"))
    );
}

#[test]
fn a_standard_queue_takes_groups_but_no_deduplication() {
    let standard = queue("jobs");
    let grouped = Draft {
        group_id: Some("tenant-1".to_owned()),
        ..draft("body")
    };
    assert!(prepare(grouped.clone(), &standard, SENDER).is_ok());
    let both = Draft {
        deduplication_id: Some("id".to_owned()),
        ..grouped
    };
    assert!(
        refusal(both, &standard)
            .message
            .starts_with("Value id for parameter MessageDeduplicationId is invalid.")
    );
}

#[test]
fn ids_are_128_visible_characters_at_most() {
    for bad in ["a b", "ä", &"x".repeat(129), "\n"] {
        let bad = Draft {
            group_id: Some(bad.to_owned()),
            ..draft("body")
        };
        assert!(
            refusal(bad, &queue("jobs"))
                .message
                .contains("1 to 128 in length.")
        );
    }
    let longest = Draft {
        group_id: Some("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aZ9".to_owned()),
        ..draft("body")
    };
    assert!(prepare(longest, &queue("jobs"), SENDER).is_ok());
}

#[test]
fn attribute_names_follow_the_rules() {
    let long = "x".repeat(257);
    for bad in [
        "", &long, "AWS.x", "aws.x", "Amazon.x", "AMAZON.x", ".x", "x.", "a..b", "a b", "ä", "a/b",
    ] {
        let refused = refusal(with_attribute(bad, example("String", "v")), &queue("jobs"));
        assert_eq!(refused.kind, errors::INVALID_PARAMETER_VALUE, "{bad}");
    }
    for good in ["a", "A.b-c_9", "awsx", "amazon", &"x".repeat(256)] {
        assert!(
            prepare(
                with_attribute(good, example("String", "v")),
                &queue("jobs"),
                SENDER
            )
            .is_ok(),
            "{good}"
        );
    }
}

#[test]
fn attribute_types_and_values_follow_the_rules() {
    let table = [
        (
            example("", "v"),
            "The message attribute 'a' must contain non-empty message attribute type.",
        ),
        (
            example("Text", "v"),
            "The message attribute 'a' has an invalid message attribute type",
        ),
        (
            example("String.", "v"),
            "The message attribute 'a' has an invalid message attribute type",
        ),
        (
            example("string", "v"),
            "The message attribute 'a' has an invalid message attribute type",
        ),
        (
            example("String", ""),
            "The message attribute 'a' must contain non-empty message attribute value",
        ),
        (
            binary_example("Binary", b""),
            "The message attribute 'a' must contain non-empty message attribute value",
        ),
        (
            binary_example("String", b"v"),
            "The message attribute 'a' with type 'String' must use field 'String'.",
        ),
        (
            example("Binary", "v"),
            "The message attribute 'a' with type 'Binary' must use field 'Binary'.",
        ),
        (
            example("Number", "seven"),
            "Can't cast the value of message (user) attribute 'a' to a number.",
        ),
        (
            example("Number.int", "1x"),
            "Can't cast the value of message (user) attribute 'a' to a number.",
        ),
    ];
    for (value, text) in table {
        let message = refusal(with_attribute("a", value), &queue("jobs")).message;
        assert!(message.starts_with(text), "{message}");
    }
    let list = AttributeValue {
        string_list_values: Some(vec!["a".to_owned()]),
        ..example("String", "v")
    };
    assert_eq!(
        refusal(with_attribute("a", list), &queue("jobs")).kind,
        errors::UNSUPPORTED_OPERATION
    );
    let odd = example("String", "\0");
    assert_eq!(
        refusal(with_attribute("a", odd), &queue("jobs")).kind,
        errors::INVALID_MESSAGE_CONTENTS
    );
    for good in [
        example("Number.int", "7"),
        example("String.json", "{}"),
        binary_example("Binary.png", b"\0"),
    ] {
        assert!(prepare(with_attribute("a", good), &queue("jobs"), SENDER).is_ok());
    }
}

#[test]
fn ten_attributes_are_the_most() {
    let many = |count: usize| Draft {
        attributes: Some(
            (0..count)
                .map(|at| (format!("a{at}"), example("String", "v")))
                .collect(),
        ),
        ..draft("body")
    };
    assert!(prepare(many(10), &queue("jobs"), SENDER).is_ok());
    assert_eq!(
        refusal(many(11), &queue("jobs")).message,
        "Number of message attributes [11] exceeds the allowed maximum [10]."
    );
}

#[test]
fn the_trace_header_is_the_only_system_attribute() {
    let system = |name: &str, value| Draft {
        system_attributes: Some(BTreeMap::from([(name.to_owned(), value)])),
        ..draft("body")
    };
    let sender = Sender {
        trace_header: Some("Root=header"),
        ..SENDER
    };
    let from_header = prepare(draft("body"), &queue("jobs"), sender).unwrap();
    assert_eq!(from_header.outgoing.trace_header.as_deref(), Some("Root=header"));
    assert_eq!(from_header.digests.system_attributes, None);
    let given = prepare(
        system("AWSTraceHeader", example("String", "Root=given")),
        &queue("jobs"),
        sender,
    )
    .unwrap();
    assert_eq!(given.outgoing.trace_header.as_deref(), Some("Root=given"));
    assert!(given.digests.system_attributes.is_some() && given.digests.attributes.is_none());
    for bad in [
        system("SenderId", example("String", "x")),
        system("AWSTraceHeader", example("Number", "1")),
    ] {
        assert_eq!(refusal(bad, &queue("jobs")).kind, errors::INVALID_PARAMETER_VALUE);
    }
}

#[test]
fn a_receive_selects_attributes_by_name_prefix_or_all() {
    let attribute = Attribute {
        data_type: "String".to_owned(),
        value: Value::String("v".to_owned()),
    };
    let all: BTreeMap<_, _> = ["app.id", "app.name", "other"]
        .map(|name| (name.to_owned(), attribute.clone()))
        .into();
    let table: [(&[&str], &[&str]); 7] = [
        (&[], &[]),
        (&["All"], &["app.id", "app.name", "other"]),
        (&[".*"], &["app.id", "app.name", "other"]),
        (&["app.*"], &["app.id", "app.name"]),
        (&["other", "missing"], &["other"]),
        (&["app"], &[]),
        (&["app.id", "oth.*", "othe.*"], &["app.id", "other"]),
    ];
    for (asked, expected) in table {
        let asked: Vec<String> = asked.iter().map(|&one| one.to_owned()).collect();
        let selected = select(all.clone(), &asked);
        assert_eq!(
            selected.keys().map(String::as_str).collect::<Vec<_>>(),
            expected,
            "{asked:?}"
        );
    }
}

#[test]
fn attempts_are_told_apart_on_fifo_only() {
    let id = || Some("again".to_owned());
    assert_eq!(attempt_id(id(), &queue("q.fifo")).unwrap(), id());
    assert!(attempt_id(id(), &queue("q")).is_err());
    assert_eq!(attempt_id(None, &queue("q")).unwrap(), None);
}
