//! `Resources` of type `AWS::SQS::Queue`: its properties, as CloudFormation has them.

use std::collections::BTreeMap;

use super::reader::{Fields, Reader};
use crate::{
    finding::{Position, nearest},
    functions::is_function,
    queue::{Order, Queue, Removal, Value as Given},
    text::Text,
    yaml::{Entry, Node, Value, truth},
};

/// What a property takes, as far as that shows before functions are evaluated.
enum Takes {
    Whole(u32, u32),
    Switch,
    OneOf(&'static [&'static str]),
    Text,
    /// A map, or its JSON as text.
    Map,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    AnyQueue,
    FifoQueues,
}

/// Properties that are attributes of the queue under the same name.
const ATTRIBUTES: &[(&str, Takes, Of)] = &[
    ("ContentBasedDeduplication", Takes::Switch, Of::FifoQueues),
    (
        "DeduplicationScope",
        Takes::OneOf(&["messageGroup", "queue"]),
        Of::FifoQueues,
    ),
    ("DelaySeconds", Takes::Whole(0, 900), Of::AnyQueue),
    (
        "FifoThroughputLimit",
        Takes::OneOf(&["perMessageGroupId", "perQueue"]),
        Of::FifoQueues,
    ),
    (
        "KmsDataKeyReusePeriodSeconds",
        Takes::Whole(60, 86_400),
        Of::AnyQueue,
    ),
    ("KmsMasterKeyId", Takes::Text, Of::AnyQueue),
    ("MaximumMessageSize", Takes::Whole(1024, 1_048_576), Of::AnyQueue),
    (
        "MessageRetentionPeriod",
        Takes::Whole(60, 1_209_600),
        Of::AnyQueue,
    ),
    ("ReceiveMessageWaitTimeSeconds", Takes::Whole(0, 20), Of::AnyQueue),
    ("RedriveAllowPolicy", Takes::Map, Of::AnyQueue),
    ("RedrivePolicy", Takes::Map, Of::AnyQueue),
    ("SqsManagedSseEnabled", Takes::Switch, Of::AnyQueue),
    ("VisibilityTimeout", Takes::Whole(0, 43_200), Of::AnyQueue),
];

/// The other properties.
const OTHERS: [&str; 3] = ["FifoQueue", "QueueName", "Tags"];

/// Attributes of a resource, whatever its type.
pub(super) const OF_RESOURCES: &[&str] = &[
    "Type",
    "Properties",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    // Queues are made together, so that each may refer to each.
    "DependsOn",
    "Metadata",
];

pub(super) fn read(reader: &mut Reader<'_>, resource: &Entry, key: &str) -> Option<Queue> {
    if !resource.key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        reader.error(
            resource.at,
            key,
            format!(
                "the logical id {} has other characters than letters and digits",
                resource.key
            ),
        );
        return None;
    }
    let fields = reader.fields(&resource.value, key, OF_RESOURCES)?;
    let when_dropped = removal(reader, &fields, key, "DeletionPolicy");
    let when_replaced = removal(reader, &fields, key, "UpdateReplacePolicy");
    let key = format!("{key}.Properties");
    let properties = match fields.get("Properties") {
        Some(node) => reader.map(node, &key, "a map of property to value"),
        None => Vec::new(),
    };
    let order = order(reader, &properties, &key);
    let mut queue = Queue {
        name: None,
        order,
        attributes: BTreeMap::new(),
        tags: BTreeMap::new(),
        when_dropped,
        when_replaced,
    };
    for property in properties {
        let key = format!("{key}.{}", property.key);
        match property.key.as_str() {
            "FifoQueue" => {}
            "QueueName" => queue.name = name(reader, &property.value, &key, order),
            "Tags" => queue.tags = tags(reader, &property.value, &key),
            _ => {
                if let Some(value) = attribute(reader, property, &key, order) {
                    queue.attributes.insert(property.key.clone(), value);
                }
            }
        }
    }
    Some(queue)
}

fn removal(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, field: &str) -> Removal {
    let Some(node) = fields.get(field) else {
        return Removal::Delete;
    };
    let key = format!("{key}.{field}");
    match reader.word(node, &key).as_deref() {
        Some("Retain" | "RetainExceptOnCreate") => Removal::Retain,
        Some("Delete") | None => Removal::Delete,
        Some(other) => {
            reader.error(
                node.at,
                &key,
                format!("'{key}' is {other}, and a queue takes Delete or Retain"),
            );
            Removal::Delete
        }
    }
}

fn order(reader: &mut Reader<'_>, properties: &[&Entry], key: &str) -> Order {
    let fifo = properties.iter().find(|property| property.key == "FifoQueue");
    match fifo.and_then(|property| reader.truth(&property.value, &format!("{key}.FifoQueue"))) {
        Some(true) => Order::Fifo,
        Some(false) | None => Order::Standard,
    }
}

fn name(reader: &mut Reader<'_>, node: &Node, key: &str, order: Order) -> Option<Text> {
    let name = reader.text(node, key)?;
    if name.is_plain() {
        let written = name.written();
        let stem = match order {
            Order::Standard => Some(written.as_str()),
            Order::Fifo => written.strip_suffix(".fifo"),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let fine = stem.is_some_and(|stem| !stem.is_empty() && stem.chars().all(plain));
        if !fine || written.len() > 80 {
            let end = match order {
                Order::Standard => "",
                Order::Fifo => ", with .fifo at its end because FifoQueue is true",
            };
            reader.error(
                node.at,
                key,
                format!("{written:?} is no name of a queue: it has 1 to 80 letters, digits, - and _{end}"),
            );
        }
    }
    Some(name)
}

fn attribute(reader: &mut Reader<'_>, property: &Entry, key: &str, order: Order) -> Option<Given> {
    let name = property.key.as_str();
    let Some((_, takes, of)) = ATTRIBUTES.iter().find(|(known, ..)| *known == name) else {
        let known: Vec<&str> = ATTRIBUTES
            .iter()
            .map(|(known, ..)| *known)
            .chain(OTHERS)
            .collect();
        let meant = match nearest(name, &known) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it has {}", known.join(", ")),
        };
        reader.error(
            property.at,
            key,
            format!("AWS::SQS::Queue has no property {name}: {meant}"),
        );
        return None;
    };
    if *of == Of::FifoQueues && order == Order::Standard {
        reader.error(
            property.at,
            key,
            format!("{name} is of FIFO queues: set FifoQueue to true, or take it out"),
        );
        return None;
    }
    let value = given(reader, &property.value, key)?;
    match &value {
        Given::Text(text) if !text.is_plain() => {}
        Given::Text(text) => fits(reader, property.value.at, key, (&text.written(), takes)),
        Given::Map(_) if matches!(takes, Takes::Map) => {}
        Given::List(_) | Given::Map(_) => {
            reader.expected(&property.value, key, &wanted(takes));
            return None;
        }
    }
    Some(value)
}

fn wanted(takes: &Takes) -> String {
    match takes {
        Takes::Whole(least, most) => format!("a whole number from {least} to {most}"),
        Takes::Switch => "true or false".to_owned(),
        Takes::OneOf(words) => words.join(" or "),
        Takes::Text => "text".to_owned(),
        Takes::Map => "a map".to_owned(),
    }
}

fn fits(reader: &mut Reader<'_>, at: Position, key: &str, (text, takes): (&str, &Takes)) {
    let fine = match takes {
        Takes::Whole(least, most) => text
            .parse::<u32>()
            .is_ok_and(|number| (*least..=*most).contains(&number)),
        Takes::Switch => ["true", "false"].contains(&text),
        Takes::OneOf(words) => words.contains(&text),
        Takes::Text => true,
        Takes::Map => text.trim_start().starts_with('{'),
    };
    if !fine {
        let short: String = text.chars().take(100).collect();
        reader.error(
            at,
            key,
            format!("'{key}' must be {}, and is {short:?}", wanted(takes)),
        );
    }
}

/// A property's value; a plain `yes` is the boolean it is.
pub(super) fn given(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Given> {
    if is_function(node).is_some() {
        return reader.text(node, key).map(Given::Text);
    }
    match &node.value {
        Value::List(items) => items
            .iter()
            .map(|item| given(reader, item, key))
            .collect::<Option<_>>()
            .map(Given::List),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| {
                let key = format!("{key}.{}", entry.key);
                Some((entry.key.clone(), given(reader, &entry.value, &key)?))
            })
            .collect::<Option<_>>()
            .map(Given::Map),
        Value::Scalar { text, plain: true } => match truth(text) {
            Some(truth) => Some(Given::Text(Text::plain(node.at, key, truth.to_string()))),
            None => reader.text(node, key).map(Given::Text),
        },
        Value::Scalar { .. } | Value::Null => reader.text(node, key).map(Given::Text),
    }
}

/// A list of `{Key, Value}`.
fn tags(reader: &mut Reader<'_>, node: &Node, key: &str) -> BTreeMap<String, Text> {
    let mut all = BTreeMap::new();
    for item in reader.list(node, key, "a list of {Key, Value}") {
        let Some(fields) = reader.fields(item, key, &["Key", "Value"]) else {
            continue;
        };
        let (Some(name), Some(value)) = (fields.get("Key"), fields.get("Value")) else {
            reader.error(
                item.at,
                key,
                format!("'{key}' takes a Key and a Value for each tag"),
            );
            continue;
        };
        if let (Some(name), Some(value)) = (reader.word(name, key), reader.text(value, key)) {
            all.insert(name, value);
        }
    }
    all
}
