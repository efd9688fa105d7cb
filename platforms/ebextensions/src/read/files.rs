//! `files` and `sources`.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::reader::{Fields, Reader};
use crate::{
    amazon,
    model::{Content, File},
    text::Text,
    yaml::{Entry, Node, Value},
};

const KEYS: &[&str] = &[
    "mode",
    "owner",
    "group",
    "content",
    "source",
    "encoding",
    "authentication",
    "context",
];

/// The path that an entry stands for, with those of Amazon Linux translated.
fn path(reader: &mut Reader<'_>, entry: &Entry, key: &str) -> Option<String> {
    if !reader.is_name(entry, key) {
        return None;
    }
    if !entry.key.starts_with('/') || entry.key.split('/').any(|part| part == "..") {
        reader.error(
            entry.at,
            key,
            format!(
                "'{}' must be a whole path, from '/' on and without '..'",
                entry.key
            ),
        );
        return None;
    }
    let (path, notes) = amazon::translate(&entry.key);
    for note in notes {
        reader.warn(entry.at, key, note);
    }
    Some(path)
}

pub(super) fn sources(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Text> {
    let mut all = BTreeMap::new();
    for entry in reader.map(node, "sources", "a map of folder to URL") {
        let key = format!("sources.{}", entry.key);
        let Some(folder) = path(reader, entry, &key) else {
            continue;
        };
        if let Some(url) = url(reader, &entry.value, &key) {
            reader.put(&mut all, folder, url, entry, &key);
        }
    }
    all
}

/// A place that can be fetched from.
fn url(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Text> {
    let url = reader.text(node, key)?;
    let written = url.written();
    if !url.is_plain() && written.starts_with(['`', '{']) {
        return Some(url);
    }
    let scheme = written
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https") if !written.chars().any(|c| c.is_control() || c == ' ') => Some(url),
        Some("s3") => {
            reader.error(
                node.at,
                key,
                "Beanpole has no S3 to fetch from yet: put the file into the bundle, or give an http or https URL",
            );
            None
        }
        _ => {
            reader.error(node.at, key, format!("'{key}' must be an http or https URL"));
            None
        }
    }
}

pub(super) fn files(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, File> {
    let mut all = BTreeMap::new();
    for entry in reader.map(node, "files", "a map of path to settings") {
        let key = format!("files.{}", entry.key);
        let Some(path) = path(reader, entry, &key) else {
            continue;
        };
        if path.ends_with('/') {
            reader.error(
                entry.at,
                &key,
                format!("'{path}' ends with '/': a file needs a name"),
            );
            continue;
        }
        if let Some(file) = file(reader, entry, &key) {
            reader.put(&mut all, path, file, entry, &key);
        }
    }
    all
}

fn file(reader: &mut Reader<'_>, entry: &Entry, key: &str) -> Option<File> {
    let fields = reader.fields(&entry.value, key, KEYS)?;
    let (mode, is_link) = match fields.get("mode") {
        Some(node) => mode(reader, node, &format!("{key}.mode"))?,
        None => (None, false),
    };
    let authentication = fields.get("authentication").and_then(|node| {
        let key = format!("{key}.authentication");
        if fields.get("source").is_none() {
            reader.warn(node.at, &key, "authentication has no effect without source");
            return None;
        }
        reader.word(node, &key)
    });
    if let Some(node) = fields.get("context") {
        reader.warn(
            node.at,
            &format!("{key}.context"),
            "the content is no Mustache template here: what stands in {{ }} is left as it is. Write the values themselves",
        );
    }
    let mut account = |name: &str| {
        let node = fields.get(name)?;
        let key = format!("{key}.{name}");
        let account = reader.word(node, &key)?;
        if account.is_empty() || account.starts_with('-') || account.contains(':') {
            reader.error(node.at, &key, format!("'{key}' must be a name or a number"));
            return None;
        }
        match amazon::account(&account) {
            None => Some(account),
            Some((here, who)) => {
                let note = format!("there is no {account} here: {here} has its place ({who})");
                reader.warn(node.at, &key, note);
                Some(here.to_owned())
            }
        }
    };
    let (owner, group) = (account("owner"), account("group"));
    let content = content(reader, &fields, entry, key, is_link)?;
    Some(File {
        mode,
        owner,
        group,
        authentication,
        content,
    })
}

fn content(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    entry: &Entry,
    key: &str,
    is_link: bool,
) -> Option<Content> {
    let base64 = match fields.get("encoding") {
        None => false,
        Some(node) => match reader.word(node, &format!("{key}.encoding"))?.as_str() {
            "plain" => false,
            "base64" => true,
            other => {
                let message = format!("'{key}.encoding' must be plain or base64, and {other} stands here");
                reader.error(node.at, &format!("{key}.encoding"), message);
                return None;
            }
        },
    };
    match (fields.get("content"), fields.get("source")) {
        (Some(_), Some(source)) => {
            reader.error(
                source.at,
                key,
                format!("'{key}' has content and source: leave one out"),
            );
            None
        }
        (None, None) => {
            reader.error(
                entry.at,
                key,
                format!("'{key}' has neither content nor source: add one"),
            );
            None
        }
        (None, Some(source)) if is_link => {
            reader.error(
                source.at,
                key,
                "a symbolic link (mode 120xxx) needs its target as content",
            );
            None
        }
        (None, Some(source)) => url(reader, source, &format!("{key}.source")).map(Content::Source),
        (Some(node), None) => {
            let text = content_text(reader, node, &format!("{key}.content"))?;
            if is_link {
                return Some(Content::Link(text));
            }
            if !base64 {
                return Some(Content::Text(text));
            }
            if text.is_plain() && decode(&text.written()).is_none() {
                reader.error(
                    node.at,
                    &format!("{key}.content"),
                    format!("'{key}.content' is no base64"),
                );
                return None;
            }
            Some(Content::Base64(text))
        }
    }
}

/// Base64 as people write it: with line ends.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let packed: String = text.split_whitespace().collect();
    BASE64_STANDARD.decode(packed).ok()
}

fn content_text(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Text> {
    if node.tag.is_some() || crate::functions::is_function(node).is_some() {
        return reader.system_text(node, key);
    }
    match &node.value {
        Value::Null => Some(Text::plain(node.at, key, "")),
        // CloudFormation writes a map as JSON.
        Value::Map(_) | Value::List(_) => {
            if has_function(node) {
                reader.error(
                    node.at,
                    key,
                    format!("a function inside of a map is not evaluated: write '{key}' as text"),
                );
                return None;
            }
            Some(Text::plain(node.at, key, node.json().to_string()))
        }
        Value::Scalar { .. } => reader.system_text(node, key),
    }
}

fn has_function(node: &Node) -> bool {
    crate::functions::is_function(node).is_some()
        || match &node.value {
            Value::Map(entries) => entries.iter().any(|entry| has_function(&entry.value)),
            Value::List(items) => items.iter().any(has_function),
            _ => false,
        }
}

/// Permission bits, and whether it is a link's mode.
fn mode(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<(Option<u32>, bool)> {
    const WANTED: &str = "an octal mode such as \"000644\", or \"120777\" for a symbolic link";
    let digits = match (&node.tag, &node.value) {
        (None, Value::Scalar { text, .. }) => text.as_str(),
        _ => {
            reader.expected(node, key, WANTED);
            return None;
        }
    };
    let is_octal = (3..=6).contains(&digits.len()) && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let value = u32::from_str_radix(digits, 8).ok().filter(|_| is_octal);
    match value {
        Some(mode) if mode >> 12 == 0o12 => Some((None, true)),
        // 100644 is how stat and git say that it is a file.
        Some(mode) if matches!(mode >> 12, 0 | 0o10) => Some((Some(mode & 0o7777), false)),
        _ => {
            reader.error(
                node.at,
                key,
                format!("'{key}' must be {WANTED}, and {digits} stands here"),
            );
            None
        }
    }
}
