//! `packages`: manager, name, versions.

use std::collections::BTreeMap;

use super::reader::Reader;
use crate::{
    amazon::{self, Named},
    model::{Manager, Package},
    yaml::{Entry, Node, Value},
};

const MANAGERS: &[&str] = &["yum", "apt", "rpm", "python", "rubygems", "npm", "msi"];

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<Manager, BTreeMap<String, Package>> {
    let mut all: BTreeMap<Manager, BTreeMap<String, Package>> = BTreeMap::new();
    if matches!(node.value, Value::Null) {
        return all;
    }
    let Some(fields) = reader.fields(node, "packages", MANAGERS) else {
        return all;
    };
    for name in MANAGERS {
        let Some(node) = fields.get(name) else { continue };
        let key = format!("packages.{name}");
        let manager = match *name {
            "yum" | "apt" => Manager::Apt,
            "python" => Manager::Python,
            "rubygems" => Manager::RubyGems,
            "npm" => Manager::Npm,
            "rpm" => {
                reader.error(
                    node.at,
                    &key,
                    "an .rpm file cannot be installed: instances are Debian. Name the package under packages: apt, or fetch a program of your own under files or sources",
                );
                continue;
            }
            _ => {
                reader.error(
                    node.at,
                    &key,
                    "an .msi file cannot be installed: instances are Debian. Name the package under packages: apt",
                );
                continue;
            }
        };
        let wanted = "a map of name to version, such as `jq: []`";
        for entry in reader.map(node, &key, wanted) {
            if let Some((debian, package)) = package(reader, entry, name, manager) {
                let key = format!("{key}.{}", entry.key);
                reader.put(all.entry(manager).or_default(), debian, package, entry, &key);
            }
        }
    }
    all
}

fn package(
    reader: &mut Reader<'_>,
    entry: &Entry,
    section: &str,
    manager: Manager,
) -> Option<(String, Package)> {
    let key = format!("packages.{section}.{}", entry.key);
    if !reader.is_name(entry, &key) {
        return None;
    }
    if entry.key.starts_with('-') || entry.key.contains(char::is_whitespace) {
        reader.error(entry.at, &key, format!("'{}' is no name of a package", entry.key));
        return None;
    }
    let versions = versions(reader, &entry.value, &key)?;
    if versions.len() > 1 && manager != Manager::RubyGems {
        reader.error(entry.value.at, &key, format!("'{key}' can have only one version"));
        return None;
    }
    let mut package = Package {
        written: None,
        versions,
    };
    if section != "yum" {
        return Some((entry.key.clone(), package));
    }
    match amazon::package(&entry.key) {
        Named::None(why) => {
            reader.warn(
                entry.at,
                &key,
                format!("the package {} is left out: {why}", entry.key),
            );
            None
        }
        Named::As(name) => {
            if let Some(version) = package.versions.first() {
                reader.warn(
                    entry.value.at,
                    &key,
                    format!("{version} is a version of Amazon Linux's package: the build fails if Debian has another. Use [] for the newest"),
                );
            }
            if name != entry.key {
                package.written = Some(entry.key.clone());
            }
            Some((name.to_owned(), package))
        }
    }
}

fn versions(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Vec<String>> {
    let items = match &node.value {
        Value::Null => return Some(Vec::new()),
        Value::List(items) if node.tag.is_none() => items.as_slice(),
        Value::Scalar { .. } => std::slice::from_ref(node),
        _ => {
            reader.expected(node, key, "a version, a list of versions, or [] for the newest");
            return None;
        }
    };
    let mut versions = Vec::new();
    for item in items {
        let version = reader.word(item, key)?;
        if version.is_empty() {
            continue;
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".+~:-_!^".contains(c);
        if version.starts_with('-') || !version.chars().all(allowed) {
            reader.error(
                item.at,
                key,
                format!("'{version}' is no version: write one such as 1.2.3"),
            );
            return None;
        }
        versions.push(version);
    }
    Some(versions)
}
