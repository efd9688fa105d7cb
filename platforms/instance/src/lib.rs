//! What an instance is to run, as the build of its image wrote it down: processes, proxy, commands, hooks.
//!
//! The build writes it as JSON to [`PATH`], `beanpole-instance-init` reads it there. Either may be older
//! than the other: what is missing has a default, what is unknown is skipped.

pub mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where it is in the image.
pub const PATH: &str = "/opt/beanpole/instance.json";

/// The root of the application, and the folder of its processes.
pub const CURRENT: &str = "/var/app/current";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Instance {
    /// The platform's name.
    pub platform: String,
    pub processes: Vec<Process>,
    /// Where the proxy finds the application.
    pub upstream: Upstream,
    /// URL path to folder below the application's root, for the proxy to serve.
    pub static_files: BTreeMap<String, String>,
    pub services: Vec<Service>,
    /// What the build left out, in working order: done before services start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late_steps: Vec<Late>,
    /// In working order: those of the leader first.
    pub container_commands: Vec<ContainerCommand>,
    pub hooks: Hooks,
    /// Those of `.platform/confighooks`, run beside the others when the configuration alone has changed.
    pub config_hooks: ConfigHooks,
}

/// How the proxy passes requests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Upstream {
    /// To the first process, which listens on `PORT`.
    #[default]
    Http,
    /// To PHP's FastCGI process manager, which listens on this socket; `root` is the document root below the
    /// application's, files there are served by the proxy.
    FastCgi { socket: String, root: String },
}

/// Something that runs as long as the instance does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Process {
    /// As in the Procfile: `web` is the one that the proxy speaks to.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Over the container's own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The signal that ends it goes to its whole process group: a shell in front of it would keep it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub signal_group: bool,
    /// What asks it to end, such as `QUIT`; `TERM` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// As root instead of webapp: for what changes user by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub as_root: bool,
}

/// A command as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// For a shell.
    Shell(String),
    /// A program and its arguments.
    Argv(Vec<String>),
}

/// A container command, or where to find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ContainerCommand {
    Known(Command),
    /// It differs between environments: the server tells it in [`LATE`].
    Late(Late),
}

/// The name of what differs between environments: a container command, or a whole key of a file, such as `files`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// The configuration file it is in.
    pub file: String,
    pub name: String,
}

/// The variable in which an instance is told all that is late: [`Told`] as JSON.
pub const LATE: &str = "BEANPOLE_LATE";

/// An entry of `container_commands`, run once when an instance is made, as root, in the application's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The configuration file it is in.
    pub file: String,
    pub name: String,
    pub command: Line,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Over the container's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// It is run only when this ends with 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Line>,
    /// By one instance of a deployment.
    #[serde(default)]
    pub leader_only: bool,
    #[serde(default)]
    pub ignore_errors: bool,
}

/// What differs between environments, as one of them has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// The scripts of [`Instance::late_steps`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The late ones of [`Instance::container_commands`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
}

/// What a key of a configuration file says, as a script for `bash`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub file: String,
    /// Such as `files`.
    pub name: String,
    pub script: String,
}

/// A service of Debian's, or of a unit file that the image has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The configuration file that named it last.
    #[serde(default)]
    pub file: String,
    pub name: String,
    /// Absent: as the image has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Absent: it runs when it is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ensure_running: Option<bool>,
}

/// Programs of the bundle's `.platform/hooks`, relative to the application's root, in working order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hooks {
    pub predeploy: Vec<String>,
    pub postdeploy: Vec<String>,
}

/// The same of `.platform/confighooks`. Nothing is built for another configuration, so those of `prebuild` run
/// when an instance starts, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigHooks {
    pub prebuild: Vec<String>,
    pub predeploy: Vec<String>,
    pub postdeploy: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_command_is_told_from_a_whole_one() {
        let text = r#"[{"file":"a","name":"1","command":"true"},{"file":"a","name":"2"}]"#;
        let commands: Vec<ContainerCommand> = serde_json::from_str(text).unwrap();
        assert!(matches!(
            commands[..],
            [ContainerCommand::Known(_), ContainerCommand::Late(_)]
        ));
        let written = serde_json::to_string(&commands).unwrap();
        assert_eq!(
            serde_json::from_str::<Vec<ContainerCommand>>(&written).unwrap(),
            commands
        );
    }

    #[test]
    fn an_older_or_newer_spec_is_read() {
        let text =
            r#"{"platform":"go","processes":[{"name":"web","argv":["bin/application"],"new":1}],"more":{}}"#;
        let instance: Instance = serde_json::from_str(text).unwrap();
        assert_eq!(instance.processes[0].argv, ["bin/application"]);
        assert_eq!(instance.upstream, Upstream::Http);
        let written = serde_json::to_string(&instance).unwrap();
        assert_eq!(serde_json::from_str::<Instance>(&written).unwrap(), instance);
    }
}
