//! From files to the model, with all that is to be said about them.

mod accounts;
mod authentication;
mod commands;
mod files;
mod options;
mod overrides;
mod packages;
mod queue;
mod queue_policy;
mod reader;
mod services;
mod template;

pub(crate) use self::{files::decode, reader::Reader};
use crate::{
    finding::{Finding, Position, nearest},
    model::FileConfig,
    yaml::{self, Entry, Value},
};

/// Keys at the top of a file.
pub(crate) const KEYS: &[&str] = &[
    "packages",
    "groups",
    "users",
    "sources",
    "files",
    "commands",
    "services",
    "container_commands",
    "option_settings",
    "Resources",
    "Parameters",
    "Mappings",
    "Outputs",
];

/// One file; nothing when it is skipped or cannot be read.
pub(crate) fn file(path: &str, bytes: &[u8]) -> (Option<FileConfig>, Vec<Finding>) {
    let mut reader = Reader {
        file: path,
        findings: Vec::new(),
    };
    let config = whole(&mut reader, bytes);
    (config, reader.findings)
}

fn whole(reader: &mut Reader<'_>, bytes: &[u8]) -> Option<FileConfig> {
    let file = reader.file.to_owned();
    let mut notices = Vec::new();
    let read = yaml::read(bytes, &mut notices);
    for notice in notices {
        reader.warn(notice.at, &notice.key, notice.message);
    }
    let empty = FileConfig {
        file: file.clone(),
        ..FileConfig::default()
    };
    let node = match read {
        Ok(Some(node)) => node,
        Ok(None) => return Some(empty),
        Err(error) => {
            let format = if bytes.trim_ascii_start().starts_with(b"{") {
                "JSON"
            } else {
                "YAML"
            };
            reader.error(
                error.at,
                "",
                format!(
                    "The configuration file {file} contains invalid YAML or JSON. {format} exception: {}. Update the configuration file.",
                    error.message
                ),
            );
            return None;
        }
    };
    let entries = match (&node.tag, &node.value) {
        (None, Value::Map(entries)) => entries,
        _ => {
            reader.error(
                node.at,
                "",
                format!(
                    "a configuration file is a map with keys such as option_settings, and {} stands here",
                    node.kind()
                ),
            );
            return None;
        }
    };
    if refuse_unknown(reader, entries) {
        return None;
    }
    let mut config = empty;
    for entry in entries {
        section(reader, entry, &mut config);
    }
    // Beanstalk makes its resources from the options and lays what a file says of them over that.
    if let Some(entry) = entries.iter().find(|entry| entry.key == "Resources") {
        for setting in overrides::read(reader, &entry.value) {
            options::add(reader, &mut config.option_settings, setting);
        }
    }
    Some(config)
}

/// Beanstalk skips a file with a key that it does not know, and goes on.
fn refuse_unknown(reader: &mut Reader<'_>, entries: &[Entry]) -> bool {
    let mut refused = false;
    for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
        let meant = match nearest(&entry.key, KEYS) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("valid are {}", KEYS.join(", ")),
        };
        let file = reader.file.to_owned();
        reader.warn(
            entry.at,
            &entry.key,
            format!("Error processing file (Skipping): '{file}' - Contains invalid key: '{}'. Nothing in this file has an effect: {meant}", entry.key),
        );
        refused = true;
    }
    refused
}

fn section(reader: &mut Reader<'_>, entry: &Entry, config: &mut FileConfig) {
    let node = &entry.value;
    match entry.key.as_str() {
        "packages" => config.packages = packages::read(reader, node),
        "groups" => config.groups = accounts::groups(reader, node),
        "users" => config.users = accounts::users(reader, node),
        "sources" => config.sources = files::sources(reader, node),
        "files" => config.files = files::files(reader, node),
        "commands" => config.commands = commands::read(reader, node, "commands", false),
        "services" => config.services = services::read(reader, node),
        "container_commands" => {
            config.container_commands = commands::read(reader, node, "container_commands", true);
        }
        "option_settings" => config.option_settings = options::read(reader, node),
        "Resources" => {
            config.resources = template::resources(reader, node);
            config.authentications = authentication::read(reader, node);
        }
        "Parameters" => config.parameters = template::plain(reader, node, "Parameters"),
        "Mappings" => config.mappings = template::plain(reader, node, "Mappings"),
        "Outputs" => config.outputs = template::outputs(reader, entry),
        // The keys above are all there are.
        other => reader.error(Position::START, other, format!("'{other}' cannot be read")),
    }
}
