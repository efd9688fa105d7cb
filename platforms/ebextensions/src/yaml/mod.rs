//! YAML or JSON as a tree in which every key and value knows where it stands.

mod build;
mod read;
mod scalar;
#[cfg(test)]
mod tests;

use serde_json::{Map, Number, Value as Json};

pub use self::read::{Notice, YamlError, read};
pub(crate) use self::scalar::{Meaning, meaning, truth};
use crate::finding::Position;

/// A value and where it begins.
#[derive(Clone, Debug)]
pub struct Node {
    pub at: Position,
    /// A tag of the file's own such as `!Ref`, without the exclamation mark.
    pub tag: Option<String>,
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing written, `~` or `null`.
    Null,
    /// Text as written. `plain` is false in quotes and blocks, where it is never a number or boolean.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub at: Position,
    pub value: Node,
}

impl Node {
    /// What it is, for "expected X, found Y".
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// As JSON, with short tags in their long form (`!Ref x` is `{"Ref": "x"}`).
    pub fn json(&self) -> Json {
        let plain = match &self.value {
            Value::Null => Json::Null,
            Value::Scalar { text, plain: false } => Json::String(text.clone()),
            Value::Scalar { text, .. } => match meaning(text) {
                Meaning::Text | Meaning::OtherNumber => Json::String(text.clone()),
                Meaning::Truth(truth) => Json::Bool(truth),
                Meaning::Number => text
                    .parse::<Number>()
                    .map_or_else(|_| Json::String(text.clone()), Json::Number),
            },
            Value::List(items) => Json::Array(items.iter().map(Node::json).collect()),
            Value::Map(entries) => {
                // Sorted even where serde_json keeps the order of insertion: the order in the file is no matter.
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by(|one, other| one.key.cmp(&other.key));
                let entries = entries.into_iter();
                Json::Object(
                    entries
                        .map(|entry| (entry.key.clone(), entry.value.json()))
                        .collect(),
                )
            }
        };
        match self.tag.as_deref() {
            None => plain,
            Some(tag) => Json::Object(Map::from_iter([(long_name(tag), plain)])),
        }
    }
}

/// CloudFormation's long name of a short tag.
pub(crate) fn long_name(tag: &str) -> String {
    match tag {
        "Ref" | "Condition" => tag.to_owned(),
        other => format!("Fn::{other}"),
    }
}
