//! `services`: what runs beside the application.

use std::collections::BTreeMap;

use super::reader::Reader;
use crate::{
    amazon::{self, Named},
    model::Service,
    yaml::{Entry, Node, Value},
};

const KEYS: &[&str] = &[
    "enabled",
    "ensureRunning",
    "files",
    "sources",
    "packages",
    "commands",
];

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Service> {
    let mut all = BTreeMap::new();
    if matches!(node.value, Value::Null) {
        return all;
    }
    let Some(fields) = reader.fields(node, "services", &["sysvinit", "systemd", "windows"]) else {
        return all;
    };
    if let Some(node) = fields.get("windows") {
        reader.error(
            node.at,
            "services.windows",
            "instances are Debian, and have no services of Windows: use systemd",
        );
    }
    for manager in ["sysvinit", "systemd"] {
        let Some(node) = fields.get(manager) else { continue };
        let key = format!("services.{manager}");
        for entry in reader.map(node, &key, "a map of service to settings") {
            let key = format!("{key}.{}", entry.key);
            if let Some((name, service)) = service(reader, entry, &key) {
                reader.put(&mut all, name, service, entry, &key);
            }
        }
    }
    all
}

fn service(reader: &mut Reader<'_>, entry: &Entry, key: &str) -> Option<(String, Service)> {
    let fields = reader.fields(&entry.value, key, KEYS)?;
    let bare = entry.key.strip_suffix(".service").unwrap_or(&entry.key);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.@".contains(c);
    if bare.is_empty() || bare.starts_with(['-', '.']) || !bare.chars().all(allowed) {
        reader.error(entry.at, key, format!("'{}' is no name of a service", entry.key));
        return None;
    }
    let mut switch = |name: &str| {
        let node = fields.get(name)?;
        reader.truth(node, &format!("{key}.{name}"))
    };
    let (enabled, ensure_running) = (switch("enabled"), switch("ensureRunning"));
    // What a service depends on is in the image before it starts: it never has to be restarted for it.
    for name in ["files", "sources", "commands"] {
        if let Some(node) = fields.get(name) {
            let key = format!("{key}.{name}");
            for item in reader.list(node, &key, "a list of names") {
                reader.word(item, &key);
            }
        }
    }
    if let Some(node) = fields.get("packages") {
        reader.map(
            node,
            &format!("{key}.packages"),
            "a map of manager to a list of names",
        );
    }
    match amazon::service(bare) {
        Named::As(name) => Some((
            name.to_owned(),
            Service {
                enabled,
                ensure_running,
                at: entry.at,
            },
        )),
        Named::None(why) => {
            reader.warn(entry.at, key, format!("the service {bare} is left out: {why}"));
            None
        }
    }
}
