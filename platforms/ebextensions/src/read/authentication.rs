//! `AWS::CloudFormation::Authentication` in the metadata of `AWSEBAutoScalingGroup`: credentials with which
//! `files` and `sources` are fetched.

use std::collections::BTreeMap;

use super::reader::{Fields, Reader};
use crate::{
    fetch::{Authentication, Credentials},
    text::Text,
    yaml::{Entry, Node, Value},
};

/// The resource whose metadata Beanstalk's instances read.
pub(super) const RESOURCE: &str = "AWSEBAutoScalingGroup";
const SECTION: &str = "AWS::CloudFormation::Authentication";
const KEYS: &[&str] = &[
    "type",
    "accessKeyId",
    "secretKey",
    "buckets",
    "roleName",
    "username",
    "password",
    "uris",
];

/// By name.
pub(super) fn read(reader: &mut Reader<'_>, resources: &Node) -> BTreeMap<String, Authentication> {
    let mut all = BTreeMap::new();
    let Some(metadata) = field(resources, RESOURCE).and_then(|resource| field(resource, "Metadata")) else {
        return all;
    };
    let key = format!("Resources.{RESOURCE}.Metadata");
    for entry in reader.map(metadata, &key, "a map") {
        if entry.key != SECTION {
            reader.warn(
                entry.at,
                &format!("{key}.{}", entry.key),
                format!("the metadata {} has no effect: only {SECTION} has one", entry.key),
            );
            continue;
        }
        for entry in reader.map(&entry.value, &key, "a map of name to credentials") {
            let key = format!("{key}.{SECTION}.{}", entry.key);
            if let Some(read) = one(reader, entry, &key) {
                all.insert(entry.key.clone(), read);
            }
        }
    }
    all
}

/// Credentials that somebody wrote down are nobody else's to read.
pub(super) fn masked(resource: &Node) -> serde_json::Value {
    let mut body = resource.json();
    let all = body
        .pointer_mut("/Metadata/AWS::CloudFormation::Authentication")
        .and_then(serde_json::Value::as_object_mut);
    for one in all.into_iter().flat_map(serde_json::Map::values_mut) {
        for secret in ["password", "secretKey"] {
            if let Some(value) = one.get_mut(secret) {
                *value = "***".into();
            }
        }
    }
    body
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else {
        return None;
    };
    let entry = entries.iter().find(|entry| entry.key == name)?;
    Some(&entry.value)
}

fn one(reader: &mut Reader<'_>, entry: &Entry, key: &str) -> Option<Authentication> {
    let fields = reader.fields(&entry.value, key, KEYS)?;
    let Some(kind) = fields.get("type") else {
        reader.error(entry.at, key, format!("'{key}' has no type: it is s3 or basic"));
        return None;
    };
    let kind = reader.word(kind, &format!("{key}.type"))?.to_ascii_lowercase();
    match kind.as_str() {
        "s3" => {
            let (id, secret) = (
                text(reader, &fields, key, "accessKeyId"),
                text(reader, &fields, key, "secretKey"),
            );
            let credentials = match (id, secret, fields.get("roleName")) {
                (Some(id), Some(secret), _) => Credentials::S3 { id, secret },
                (None, None, Some(_)) => Credentials::Role,
                _ => {
                    let message = format!("'{key}' takes accessKeyId and secretKey, or roleName");
                    reader.error(entry.at, key, message);
                    return None;
                }
            };
            let places = texts(reader, &fields, key, "buckets");
            Some(Authentication { credentials, places })
        }
        "basic" => {
            let (username, password) = (
                text(reader, &fields, key, "username"),
                text(reader, &fields, key, "password"),
            );
            let (Some(username), Some(password)) = (username, password) else {
                reader.error(entry.at, key, format!("'{key}' takes username and password"));
                return None;
            };
            let places = texts(reader, &fields, key, "uris");
            let credentials = Credentials::Basic { username, password };
            Some(Authentication { credentials, places })
        }
        other => {
            reader.error(
                entry.at,
                key,
                format!("'{key}.type' is s3 or basic, and {other} stands here"),
            );
            None
        }
    }
}

fn text(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, name: &str) -> Option<Text> {
    reader.text(fields.get(name)?, &format!("{key}.{name}"))
}

/// A list of texts, or one.
fn texts(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, name: &str) -> Vec<Text> {
    let key = format!("{key}.{name}");
    match fields.get(name) {
        None => Vec::new(),
        Some(node) => match &node.value {
            Value::List(items) if node.tag.is_none() => {
                items.iter().filter_map(|item| reader.text(item, &key)).collect()
            }
            _ => reader.text(node, &key).into_iter().collect(),
        },
    }
}
