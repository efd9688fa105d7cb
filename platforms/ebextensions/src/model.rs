//! What configuration files say, typed. Maps are sorted by name: that is the order Beanstalk works in.
//!
//! Invariant: it does not depend on the order of keys in a file, and positions take no part in comparisons.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use crate::{
    fetch::Authentication,
    finding::Position,
    queue::{Queue, QueuePolicy},
    text::Text,
};

/// Every file that counts, in the order they are worked through.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Config {
    pub files: Vec<FileConfig>,
}

/// One file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileConfig {
    /// Its path in the bundle.
    pub file: String,
    pub packages: BTreeMap<Manager, BTreeMap<String, Package>>,
    pub groups: BTreeMap<String, Group>,
    pub users: BTreeMap<String, User>,
    /// Folder to archive.
    pub sources: BTreeMap<String, Text>,
    /// By path.
    pub files: BTreeMap<String, File>,
    pub commands: BTreeMap<String, Command>,
    pub services: BTreeMap<String, Service>,
    pub container_commands: BTreeMap<String, Command>,
    /// In the order in which they count: a later one wins.
    pub option_settings: Vec<OptionSetting>,
    /// By logical id.
    pub resources: BTreeMap<String, Resource>,
    /// By name. In `resources` too, where secrets are left out.
    #[serde(skip)]
    pub authentications: BTreeMap<String, Authentication>,
    pub parameters: BTreeMap<String, Json>,
    pub mappings: BTreeMap<String, Json>,
    pub outputs: BTreeMap<String, Json>,
}

/// Who installs a package, in working order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// `apt`, and `yum` with its names translated.
    Apt,
    Python,
    RubyGems,
    Npm,
}

/// A package by its name for the manager.
#[derive(Clone, Debug, Eq, Serialize)]
pub struct Package {
    /// The name in the file, where the manager has another for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// None: whatever is there already, else the newest.
    pub versions: Vec<String>,
}

/// Packages are equal when the same is installed.
impl PartialEq for Package {
    fn eq(&self, other: &Self) -> bool {
        self.versions == other.versions
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    pub gid: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct User {
    pub uid: Option<u32>,
    pub groups: Vec<String>,
    pub home: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Permission bits; none: those of a new file.
    pub mode: Option<u32>,
    pub owner: Option<String>,
    pub group: Option<String>,
    /// The name of what it is fetched with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    Text(Text),
    /// Text in base64, as written.
    Base64(Text),
    /// A URL.
    Source(Text),
    /// Where a symbolic link leads.
    Link(Text),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CommandLine {
    /// For a shell.
    Line(Text),
    /// A program and its arguments.
    Argv(Vec<Text>),
}

/// An entry of `commands` or `container_commands`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Command {
    pub command: CommandLine,
    pub cwd: Option<Text>,
    pub env: BTreeMap<String, Text>,
    pub test: Option<CommandLine>,
    pub ignore_errors: bool,
    /// Of `container_commands` only.
    pub leader_only: bool,
    #[serde(skip)]
    pub at: Position,
}

/// Nothing said about one of them: it stays as the image has it.
#[derive(Clone, Debug, Eq, Serialize)]
pub struct Service {
    pub enabled: Option<bool>,
    pub ensure_running: Option<bool>,
    #[serde(skip)]
    pub at: Position,
}

/// Services are equal when the same becomes of them.
impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        (self.enabled, self.ensure_running) == (other.enabled, other.ensure_running)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OptionSetting {
    pub namespace: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    pub value: Text,
}

/// A resource of CloudFormation, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// Such as `AWS::SQS::Queue`; empty when an override of Beanstalk's own says none.
    pub kind: String,
    pub body: Json,
    /// What is made of it, if that is a queue.
    #[serde(skip)]
    pub queue: Option<Queue>,
    /// What it says of queues, if that is a policy.
    #[serde(skip)]
    pub policy: Option<QueuePolicy>,
    #[serde(skip)]
    pub at: Position,
}
