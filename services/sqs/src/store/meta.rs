//! What a message carries beside its body, as one column: attributes, trace header, sender.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::{
    Outgoing,
    message::{Attribute, AttributeValue},
};

/// Kept as JSON with one-letter names; binary values as lists of numbers are rare and small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub sender: String,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub deduplication: Option<String>,
    #[serde(rename = "a", default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, (String, Value)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Value {
    #[serde(rename = "s")]
    Text(String),
    #[serde(rename = "b")]
    Binary(Vec<u8>),
}

impl Meta {
    pub fn of(message: &Outgoing) -> Self {
        let attributes = message.attributes.iter().map(|(name, attribute)| {
            let value = match &attribute.value {
                AttributeValue::String(text) => Value::Text(text.clone()),
                AttributeValue::Binary(bytes) => Value::Binary(bytes.to_vec()),
            };
            (name.clone(), (attribute.data_type.clone(), value))
        });
        Self {
            sender: message.sender.clone(),
            trace: message.trace_header.clone(),
            deduplication: message.deduplication_id.clone(),
            attributes: attributes.collect(),
        }
    }

    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Empty where the column cannot be read, so that a message is never held back by it.
    pub fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    pub fn attributes(self) -> BTreeMap<String, Attribute> {
        let attribute = |(data_type, value)| Attribute {
            data_type,
            value: match value {
                Value::Text(text) => AttributeValue::String(text),
                Value::Binary(bytes) => AttributeValue::Binary(Bytes::from(bytes)),
            },
        };
        self.attributes
            .into_iter()
            .map(|(name, kept)| (name, attribute(kept)))
            .collect()
    }
}
