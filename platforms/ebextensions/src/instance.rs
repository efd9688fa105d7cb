//! What is left for an instance to do when it starts: services, container commands, hooks.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    finding::Finding,
    functions::{Evaluator, Lookup, Trouble},
    model::{Command, CommandLine, Config},
    text::Text,
};

/// Where hooks of a deployment are, as seen from the root of the application.
const HOOKS: &str = "/var/app/current/.platform/hooks/";

/// A service and what it shall do. What a later file says counts, switch by switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WantedService {
    /// The file that named it last.
    pub file: String,
    pub name: String,
    pub enabled: Option<bool>,
    pub ensure_running: Option<bool>,
}

/// How a command is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Start {
    /// By `bash -c`: Amazon Linux's `sh` is bash.
    Line(String),
    Argv(Vec<String>),
}

/// An entry of `container_commands`, every function evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerCommand {
    pub file: String,
    pub name: String,
    pub command: Start,
    pub cwd: Option<String>,
    /// Over the instance's own environment.
    pub env: BTreeMap<String, String>,
    pub test: Option<Start>,
    pub leader_only: bool,
    pub ignore_errors: bool,
}

/// Hooks that `files` writes, as paths from the root of the application, in working order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WrittenHooks {
    pub predeploy: Vec<String>,
    pub postdeploy: Vec<String>,
}

/// The services that any file names, by name.
pub fn services(config: &Config) -> Vec<WantedService> {
    let mut all: BTreeMap<&str, WantedService> = BTreeMap::new();
    for file in &config.files {
        for (name, service) in &file.services {
            let wanted = all.entry(name).or_insert_with(|| WantedService {
                file: String::new(),
                name: name.clone(),
                enabled: None,
                ensure_running: None,
            });
            wanted.file.clone_from(&file.file);
            wanted.enabled = service.enabled.or(wanted.enabled);
            wanted.ensure_running = service.ensure_running.or(wanted.ensure_running);
        }
    }
    all.into_values().collect()
}

/// An entry of `container_commands` on its way to an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Planned {
    /// The same in all environments.
    Known(ContainerCommand),
    /// It asks for what only an environment knows.
    Late {
        file: String,
        name: String,
        leader_only: bool,
    },
}

impl Planned {
    fn is_leaders(&self) -> bool {
        match self {
            Planned::Known(ContainerCommand { leader_only, .. }) | Planned::Late { leader_only, .. } => {
                *leader_only
            }
        }
    }
}

/// Those of the leader first; among them and among the others, file by file, each file's by name. None is late
/// when the lookup knows an environment.
pub fn container_commands(config: &Config, lookup: &dyn Lookup) -> Result<Vec<Planned>, Vec<Finding>> {
    let evaluator = Evaluator { config, lookup };
    let mut findings = Vec::new();
    let mut all = Vec::new();
    for file in &config.files {
        for (name, command) in &file.container_commands {
            let mut is_late = false;
            let mut text = |text: &Text| match evaluator.evaluate(text) {
                Ok(text) => text,
                Err(Trouble::NotHere(_)) if !lookup.knows_environment() => {
                    is_late = true;
                    String::new()
                }
                Err(_) => evaluator.text(text, &file.file).unwrap_or_else(|finding| {
                    findings.push(finding);
                    String::new()
                }),
            };
            let known = of_instance(&file.file, name, command, &mut text);
            all.push(if is_late {
                Planned::Late {
                    file: known.file,
                    name: known.name,
                    leader_only: known.leader_only,
                }
            } else {
                Planned::Known(known)
            });
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    // Stable: the order of files and names stays.
    all.sort_by_key(|command| !command.is_leaders());
    Ok(all)
}

/// The commands that are late for `installation`, with what `environment` knows.
pub fn late_commands(
    config: &Config,
    installation: &dyn Lookup,
    environment: &dyn Lookup,
) -> Result<Vec<ContainerCommand>, Vec<Finding>> {
    let late = container_commands(config, installation)?;
    if late.iter().all(|command| matches!(command, Planned::Known(_))) {
        return Ok(Vec::new());
    }
    let known = container_commands(config, environment)?;
    Ok(late
        .iter()
        .zip(known)
        .filter_map(|pair| match pair {
            (Planned::Late { .. }, Planned::Known(command)) => Some(command),
            _ => None,
        })
        .collect())
}

fn of_instance(
    file: &str,
    name: &str,
    command: &Command,
    text: &mut impl FnMut(&Text) -> String,
) -> ContainerCommand {
    ContainerCommand {
        file: file.to_owned(),
        name: name.to_owned(),
        command: start(&command.command, text),
        cwd: command.cwd.as_ref().map(&mut *text),
        env: command
            .env
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        test: command.test.as_ref().map(|test| start(test, text)),
        leader_only: command.leader_only,
        ignore_errors: command.ignore_errors,
    }
}

fn start(line: &CommandLine, text: &mut impl FnMut(&Text) -> String) -> Start {
    match line {
        CommandLine::Line(line) => Start::Line(text(line)),
        CommandLine::Argv(argv) => Start::Argv(argv.iter().map(text).collect()),
    }
}

/// Files that are written to where hooks are looked for, those of the first Amazon Linux included.
pub fn written_hooks(config: &Config) -> WrittenHooks {
    let mut hooks = WrittenHooks::default();
    for path in config.files.iter().flat_map(|file| file.files.keys()) {
        let Some((stage, name)) = path.strip_prefix(HOOKS).and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        if name.contains('/') {
            continue;
        }
        let of_stage = match stage {
            "predeploy" => &mut hooks.predeploy,
            "postdeploy" => &mut hooks.postdeploy,
            _ => continue,
        };
        of_stage.push(format!(".platform/hooks/{stage}/{name}"));
    }
    for of_stage in [&mut hooks.predeploy, &mut hooks.postdeploy] {
        of_stage.sort();
        of_stage.dedup();
    }
    hooks
}
