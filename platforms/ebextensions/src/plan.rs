//! What changes between two versions' configuration files.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::Value as Json;

use crate::model::{Config, FileConfig};

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Happened {
    Added,
    Removed,
    Changed,
}

/// One entry that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub file: String,
    /// Such as `commands` or `packages.apt`.
    pub section: String,
    pub name: String,
    pub happened: Happened,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
}

/// The comparison of two configurations.
pub struct Plan;

type Entries = BTreeMap<(String, String, String), Json>;

impl Plan {
    /// By file, section and name. The order of keys in the files plays no part, nor does where they stand.
    pub fn between(old: &Config, new: &Config) -> Vec<Change> {
        let (mut old, new) = (entries(old), entries(new));
        let mut changes = Vec::new();
        for (place, after) in new {
            match old.remove(&place) {
                None => changes.push(change(place, Happened::Added, None, Some(after))),
                Some(before) if before != after => {
                    changes.push(change(place, Happened::Changed, Some(before), Some(after)));
                }
                Some(_) => {}
            }
        }
        for (place, before) in old {
            changes.push(change(place, Happened::Removed, Some(before), None));
        }
        changes.sort_by(|one, other| {
            let key = |change: &Change| (change.file.clone(), change.section.clone(), change.name.clone());
            key(one).cmp(&key(other))
        });
        changes
    }
}

fn change(
    (file, section, name): (String, String, String),
    happened: Happened,
    before: Option<Json>,
    after: Option<Json>,
) -> Change {
    Change {
        file,
        section,
        name,
        happened,
        before,
        after,
    }
}

fn entries(config: &Config) -> Entries {
    let mut all = Entries::new();
    for file in &config.files {
        of_file(file, &mut all);
    }
    all
}

fn of_file(file: &FileConfig, all: &mut Entries) {
    let mut add = |section: &str, name: &str, value: Json| {
        all.insert((file.file.clone(), section.to_owned(), name.to_owned()), value);
    };
    for setting in &file.option_settings {
        let name = match &setting.resource_name {
            Some(resource) => format!("{} {} {resource}", setting.namespace, setting.name),
            None => format!("{} {}", setting.namespace, setting.name),
        };
        add("option_settings", &name, Json::String(setting.value.written()));
    }
    // Everything else is maps by name, so that its serialised form is its list of entries.
    let Ok(Json::Object(sections)) = serde_json::to_value(file) else {
        return;
    };
    for (section, value) in sections {
        let Json::Object(entries) = value else { continue };
        for (name, value) in entries {
            match value {
                Json::Object(packages) if section == "packages" => {
                    for (package, value) in packages {
                        add(&format!("packages.{name}"), &package, value);
                    }
                }
                value => add(&section, &name, value),
            }
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.happened {
            Happened::Added => '+',
            Happened::Removed => '-',
            Happened::Changed => '~',
        };
        write!(f, "{sign} {}: {} {}", self.file, self.section, self.name)?;
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return Ok(());
        };
        let mut differences = Vec::new();
        compare("", before, after, &mut differences);
        write!(f, ": {}", differences.join(", "))
    }
}

/// What differs, part by part: `field before -> after`.
fn compare(path: &str, before: &Json, after: &Json, differences: &mut Vec<String>) {
    let space = if path.is_empty() { "" } else { " " };
    match (before, after) {
        (Json::Object(old), Json::Object(new)) => {
            let mut fields: Vec<&String> = old.keys().chain(new.keys()).collect();
            fields.sort();
            fields.dedup();
            for field in fields {
                let dot = if path.is_empty() { "" } else { "." };
                let (one, other) = (old.get(field), new.get(field));
                if one != other {
                    let (one, other) = (one.unwrap_or(&Json::Null), other.unwrap_or(&Json::Null));
                    compare(&format!("{path}{dot}{field}"), one, other, differences);
                }
            }
        }
        // Of longer texts, the first line that differs.
        (Json::String(old), Json::String(new)) if old.contains('\n') || new.contains('\n') => {
            let (mut old, mut new) = (old.lines(), new.lines());
            let mut number = 1;
            let (one, other) = loop {
                match (old.next(), new.next()) {
                    (Some(one), Some(other)) if one == other => number += 1,
                    (one, other) => break (one, other),
                }
            };
            if one == other {
                differences.push(format!("{path}{space}the line end after the last line"));
                return;
            }
            let line = |line: Option<&str>| line.map_or("nothing".to_owned(), |line| short(&line.into()));
            let (one, other) = (line(one), line(other));
            differences.push(format!("{path}{space}line {number}: {one} -> {other}"));
        }
        _ => differences.push(format!("{path}{space}{} -> {}", short(before), short(after))),
    }
}

/// A value in a few words.
fn short(value: &Json) -> String {
    let text = match value {
        Json::Null => "nothing".to_owned(),
        other => other.to_string(),
    };
    if text.chars().count() <= 120 {
        return text;
    }
    let beginning: String = text.chars().take(119).collect();
    format!("{beginning}…")
}
