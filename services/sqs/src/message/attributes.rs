//! Message attributes as callers give them, checked and typed.

use std::collections::BTreeMap;

use beanpole_wire::{AwsError, Blob};
use serde::{Deserialize, Serialize};

use super::{AttributeValues, contents, number};
use crate::{
    errors,
    model::message::{Attribute, AttributeValue as Value},
};

const MOST_ATTRIBUTES: usize = 10;
const TRACE_HEADER: &str = "AWSTraceHeader";

/// `MessageAttributeValue` and `MessageSystemAttributeValue`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributeValue {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<Blob>,
    /// Reserved by AWS; a call that gives some is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string_list_values: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binary_list_values: Option<Vec<Blob>>,
    pub data_type: Option<String>,
}

impl AttributeValue {
    /// What it counts against a size limit.
    pub fn size(&self) -> usize {
        let data_type = self.data_type.as_ref().map_or(0, String::len);
        let text = self.string_value.as_ref().map_or(0, String::len);
        data_type + text + self.binary_value.as_ref().map_or(0, |blob| blob.0.len())
    }
}

impl From<Attribute> for AttributeValue {
    fn from(attribute: Attribute) -> Self {
        let mut value = Self {
            data_type: Some(attribute.data_type),
            ..Self::default()
        };
        match attribute.value {
            Value::String(text) => value.string_value = Some(text),
            Value::Binary(bytes) => value.binary_value = Some(Blob(bytes)),
        }
        value
    }
}

/// The attributes of a caller's own.
pub fn check(given: AttributeValues) -> Result<BTreeMap<String, Attribute>, AwsError> {
    if given.len() > MOST_ATTRIBUTES {
        return Err(errors::INVALID_PARAMETER_VALUE.because(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MOST_ATTRIBUTES}].",
            given.len()
        )));
    }
    given
        .into_iter()
        .map(|(name, value)| {
            check_name(&name)?;
            let attribute = typed(&name, value)?;
            Ok((name, attribute))
        })
        .collect()
}

/// System attributes of a send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemAttributes {
    /// As given; they have a digest of their own.
    pub given: BTreeMap<String, Attribute>,
}

impl SystemAttributes {
    pub fn trace_header(&self) -> Option<&str> {
        match &self.given.get(TRACE_HEADER)?.value {
            Value::String(text) => Some(text),
            Value::Binary(_) => None,
        }
    }
}

/// System attributes: `AWSTraceHeader`, a string, is the only one.
pub fn check_system(given: AttributeValues) -> Result<SystemAttributes, AwsError> {
    let mut checked = BTreeMap::new();
    for (name, value) in given {
        if name != TRACE_HEADER {
            return Err(refused(format!(
                "Message system attribute name '{name}' is invalid. The only supported message system attribute \
                 is {TRACE_HEADER}."
            )));
        }
        let attribute = typed(&name, value)?;
        if attribute.data_type != "String" {
            return Err(refused(format!(
                "The message system attribute '{name}' has an invalid message system attribute type, the set of \
                 supported types is String."
            )));
        }
        checked.insert(name, attribute);
    }
    Ok(SystemAttributes { given: checked })
}

fn refused(message: String) -> AwsError {
    errors::INVALID_PARAMETER_VALUE.because(message)
}

fn check_name(name: &str) -> Result<(), AwsError> {
    if name.is_empty() || name.len() > 256 {
        return Err(refused(
            "Length of message attribute name must be between 1 and 256 bytes.".to_owned(),
        ));
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return Err(refused(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are \
             reserved for internal use."
                .to_owned(),
        ));
    }
    let characters = name.bytes().all(is_name_byte);
    if !characters || name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return Err(refused(format!(
            "The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore \
             (_), hyphen (-), and period (.) characters, and can't start or end with a period or have periods in \
             succession."
        )));
    }
    Ok(())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
}

fn typed(name: &str, given: AttributeValue) -> Result<Attribute, AwsError> {
    let lists = given.string_list_values.is_some_and(|list| !list.is_empty())
        || given.binary_list_values.is_some_and(|list| !list.is_empty());
    if lists {
        let text = "Message attribute list values in SendMessage operation are not supported.";
        return Err(errors::UNSUPPORTED_OPERATION.because(text));
    }
    let data_type = given.data_type.unwrap_or_default();
    if data_type.is_empty() {
        return Err(refused(format!(
            "The message attribute '{name}' must contain non-empty message attribute type."
        )));
    }
    let (logical, label) = data_type.split_once('.').unwrap_or((&data_type, "-"));
    let known = matches!(logical, "String" | "Number" | "Binary");
    if !known || label.is_empty() || data_type.len() > 256 || !label.bytes().all(is_name_byte) {
        return Err(refused(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type \
             prefixes is Binary, Number, and String."
        )));
    }
    let empty = || {
        refused(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute \
             type '{data_type}'."
        ))
    };
    let text = given.string_value.filter(|text| !text.is_empty());
    let bytes = given
        .binary_value
        .map(|blob| blob.0)
        .filter(|bytes| !bytes.is_empty());
    let value = match (logical, text, bytes) {
        ("Binary", None, Some(bytes)) => Value::Binary(bytes),
        ("Binary", Some(_), _) => return Err(wrong_field(name, &data_type, "Binary")),
        ("String" | "Number", _, Some(_)) => return Err(wrong_field(name, &data_type, "String")),
        ("String" | "Number", Some(text), None) => Value::String(text),
        _ => return Err(empty()),
    };
    if let Value::String(text) = &value {
        contents::check_value(text, name)?;
        if logical == "Number" && !number::is_number(text) {
            return Err(refused(format!(
                "Can't cast the value of message (user) attribute '{name}' to a number."
            )));
        }
    }
    Ok(Attribute { data_type, value })
}

fn wrong_field(name: &str, data_type: &str, field: &str) -> AwsError {
    refused(format!(
        "The message attribute '{name}' with type '{data_type}' must use field '{field}'."
    ))
}

/// A value that tests give.
#[cfg(test)]
pub fn example(data_type: &str, text: &str) -> AttributeValue {
    AttributeValue {
        string_value: Some(text.to_owned()),
        data_type: Some(data_type.to_owned()),
        ..AttributeValue::default()
    }
}

/// A binary value that tests give.
#[cfg(test)]
pub fn binary_example(data_type: &str, bytes: &'static [u8]) -> AttributeValue {
    AttributeValue {
        binary_value: Some(Blob(bytes::Bytes::from_static(bytes))),
        data_type: Some(data_type.to_owned()),
        ..AttributeValue::default()
    }
}
