//! `groups` and `users`.

use std::collections::BTreeMap;

use super::reader::Reader;
use crate::{
    model::{Group, User},
    yaml::{Entry, Node, Value},
};

/// As `useradd` takes them, which is stricter than a file system.
fn is_account(reader: &mut Reader<'_>, entry: &Entry, key: &str) -> bool {
    let name = &entry.key;
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let rest = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let good = name.len() <= 32 && name.starts_with(first) && name.chars().all(rest);
    if !good {
        reader.error(
            entry.at,
            key,
            format!("'{name}' cannot be a name here: letters, digits, '_', '-' and '.', at most 32, a letter first"),
        );
    }
    good
}

pub(super) fn groups(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Group> {
    let mut all = BTreeMap::new();
    for entry in reader.map(node, "groups", "a map of name to settings, such as `name: {}`") {
        let key = format!("groups.{}", entry.key);
        if !is_account(reader, entry, &key) {
            continue;
        }
        let mut group = Group::default();
        let is_empty = match &entry.value.value {
            Value::Null => true,
            // Documented by AWS as the way to say "no settings".
            Value::Scalar { text, .. } => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(_) => false,
        };
        if !is_empty {
            let Some(fields) = reader.fields(&entry.value, &key, &["gid"]) else {
                continue;
            };
            if let Some(node) = fields.get("gid") {
                group.gid = reader.number(node, &format!("{key}.gid"));
            }
        }
        all.insert(entry.key.clone(), group);
    }
    all
}

pub(super) fn users(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, User> {
    let mut all = BTreeMap::new();
    for entry in reader.map(node, "users", "a map of name to settings") {
        let key = format!("users.{}", entry.key);
        if !is_account(reader, entry, &key) {
            continue;
        }
        let mut user = User::default();
        if !matches!(entry.value.value, Value::Null) {
            let known = ["uid", "groups", "homeDir"];
            let Some(fields) = reader.fields(&entry.value, &key, &known) else {
                continue;
            };
            if let Some(node) = fields.get("uid") {
                user.uid = reader.number(node, &format!("{key}.uid"));
            }
            if let Some(node) = fields.get("groups") {
                let key = format!("{key}.groups");
                for item in reader.list(node, &key, "a list of groups") {
                    user.groups.extend(reader.word(item, &key));
                }
            }
            if let Some(node) = fields.get("homeDir") {
                let key = format!("{key}.homeDir");
                user.home = reader.word(node, &key);
                if user.home.as_ref().is_some_and(|home| !home.starts_with('/')) {
                    reader.error(
                        node.at,
                        &key,
                        format!("'{key}' must be a path that begins with '/'"),
                    );
                }
            }
        }
        all.insert(entry.key.clone(), user);
    }
    all
}
