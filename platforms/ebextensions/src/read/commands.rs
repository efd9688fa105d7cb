//! `commands` and `container_commands`.

use std::collections::BTreeMap;

use super::reader::{Fields, Reader};
use crate::{
    model::{Command, CommandLine},
    yaml::{Entry, Node, Value},
};

/// Linux gives a program no longer argument than 128 KiB, bytes.
const LONGEST: usize = 100_000;

pub(super) fn read(
    reader: &mut Reader<'_>,
    node: &Node,
    section: &str,
    of_container: bool,
) -> BTreeMap<String, Command> {
    let mut all = BTreeMap::new();
    for entry in reader.map(
        node,
        section,
        "a map of name to command, such as `01_migrate: {command: …}`",
    ) {
        let key = format!("{section}.{}", entry.key);
        if !reader.is_name(entry, &key) {
            continue;
        }
        if let Some(command) = command(reader, entry, &key, of_container) {
            all.insert(entry.key.clone(), command);
        }
    }
    all
}

fn command(reader: &mut Reader<'_>, entry: &Entry, key: &str, of_container: bool) -> Option<Command> {
    let known: &[&str] = if of_container {
        &["command", "cwd", "env", "test", "ignoreErrors", "leader_only"]
    } else {
        &["command", "cwd", "env", "test", "ignoreErrors"]
    };
    let fields = reader.fields(&entry.value, key, known)?;
    let Some(node) = fields.get("command") else {
        reader.error(entry.at, key, format!("'{key}' has no command: add one"));
        return None;
    };
    let command = line(reader, node, &format!("{key}.command"))?;
    let mut command = Command {
        command,
        cwd: None,
        env: BTreeMap::new(),
        test: None,
        ignore_errors: false,
        leader_only: false,
        at: entry.at,
    };
    if let Some(node) = fields.get("cwd") {
        command.cwd = reader.system_text(node, &format!("{key}.cwd"));
    }
    if let Some(node) = fields.get("test") {
        command.test = line(reader, node, &format!("{key}.test"));
    }
    if let Some(node) = fields.get("env") {
        command.env = variables(reader, node, &format!("{key}.env"));
    }
    let mut switch = |name: &str| {
        let node = fields.get(name)?;
        reader.truth(node, &format!("{key}.{name}"))
    };
    command.ignore_errors = switch("ignoreErrors").unwrap_or(false);
    command.leader_only = of_container && switch("leader_only").unwrap_or(false);
    drop_test_of_leader(reader, &fields, &mut command, key);
    Some(command)
}

/// Beanstalk does not look at `test` beside `leader_only`.
fn drop_test_of_leader(reader: &mut Reader<'_>, fields: &Fields<'_>, command: &mut Command, key: &str) {
    let Some(node) = fields.get("test").filter(|_| command.leader_only) else {
        return;
    };
    command.test = None;
    reader.warn(
        node.at,
        &format!("{key}.test"),
        "test has no effect beside leader_only: put the condition into the command",
    );
}

fn line(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<CommandLine> {
    let Value::List(items) = &node.value else {
        let text = reader.system_text(node, key)?;
        if text.is_plain() && text.written().trim().is_empty() {
            reader.error(node.at, key, format!("'{key}' is empty"));
            return None;
        }
        if text.written().len() > LONGEST {
            reader.error(
                node.at,
                key,
                format!(
                    "'{key}' has more than {LONGEST} bytes: put it into a file of the bundle, and run that"
                ),
            );
            return None;
        }
        return Some(CommandLine::Line(text));
    };
    if node.tag.is_some() {
        return reader.system_text(node, key).map(CommandLine::Line);
    }
    if items.is_empty() {
        reader.error(
            node.at,
            key,
            format!("'{key}' is an empty list: the program comes first, then its arguments"),
        );
        return None;
    }
    let argv = items
        .iter()
        .map(|item| reader.system_text(item, key))
        .collect::<Option<Vec<_>>>()?;
    Some(CommandLine::Argv(argv))
}

fn variables(reader: &mut Reader<'_>, node: &Node, key: &str) -> BTreeMap<String, crate::text::Text> {
    let mut all = BTreeMap::new();
    for entry in reader.map(node, key, "a map of name to value") {
        let key = format!("{key}.{}", entry.key);
        if !reader.is_name(entry, &key) {
            continue;
        }
        if entry.key.contains('=') || entry.key.starts_with('-') {
            reader.error(
                entry.at,
                &key,
                format!("'{}' cannot be the name of a variable", entry.key),
            );
            continue;
        }
        if let Some(value) = reader.value(&entry.value, &key) {
            all.insert(entry.key.clone(), value);
        }
    }
    all
}
