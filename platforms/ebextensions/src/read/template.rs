//! CloudFormation's sections. What they ask for and Beanpole does not make is kept as it is, and that is said.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{authentication::masked, queue, queue_policy, reader::Reader};
use crate::{
    model::Resource,
    queue::{QUEUE, QUEUE_POLICY},
    yaml::{Entry, Node, Value},
};

pub(super) fn resources(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Resource> {
    let mut all = BTreeMap::new();
    for entry in reader.map(node, "Resources", "a map of logical id to resource") {
        let key = format!("Resources.{}", entry.key);
        if !reader.is_name(entry, &key) {
            continue;
        }
        if let Some(resource) = resource(reader, entry, &key) {
            all.insert(entry.key.clone(), resource);
        }
    }
    all
}

fn resource(reader: &mut Reader<'_>, entry: &Entry, key: &str) -> Option<Resource> {
    let id = &entry.key;
    let Value::Map(fields) = &entry.value.value else {
        reader.expected(&entry.value, key, "a resource with Type and Properties");
        return None;
    };
    let kind = match fields.iter().find(|field| field.key == "Type") {
        Some(field) => reader.word(&field.value, &format!("{key}.Type"))?,
        None => String::new(),
    };
    let (mut queue, mut policy) = (None, None);
    if id.starts_with("AWSEB") {
        // What it says is the options' business.
    } else if kind == QUEUE {
        queue = Some(queue::read(reader, entry, key)?);
    } else if kind == QUEUE_POLICY {
        policy = Some(queue_policy::read(reader, entry, key)?);
    } else if kind.is_empty() {
        reader.error(entry.at, key, format!("the resource {id} has no Type: add one"));
        return None;
    } else {
        reader.warn(
            entry.at,
            key,
            format!("the resource {id} ({kind}) is not created: Beanpole has no resources of this type"),
        );
    }
    Some(Resource {
        kind,
        body: masked(&entry.value),
        queue,
        policy,
        at: entry.at,
    })
}

/// `Parameters` and `Mappings`, for `Ref` and `Fn::FindInMap`.
pub(super) fn plain(reader: &mut Reader<'_>, node: &Node, section: &str) -> BTreeMap<String, Json> {
    let mut all = BTreeMap::new();
    for entry in reader.map(node, section, "a map of name to definition") {
        let key = format!("{section}.{}", entry.key);
        if matches!(entry.value.value, Value::Map(_)) {
            all.insert(entry.key.clone(), entry.value.json());
        } else {
            reader.expected(&entry.value, &key, "a map");
        }
    }
    all
}

pub(super) fn outputs(reader: &mut Reader<'_>, section: &Entry) -> BTreeMap<String, Json> {
    let all = plain(reader, &section.value, "Outputs");
    if !all.is_empty() {
        reader.warn(
            section.at,
            "Outputs",
            "Outputs have no effect: there is no stack whose outputs could be read",
        );
    }
    all
}
