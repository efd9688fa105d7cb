//! What an instance is to do: the image's description, and what the container's variables say over it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use beanpole_instance::{Command, ContainerCommand, Instance, LATE, Late, Step, Told};

/// For this program alone: nothing that it starts gets them.
pub const PRIVATE: [&str; 9] = [
    "BEANPOLE_DEPLOYMENT",
    "BEANPOLE_INSTANCE_URL",
    "BEANPOLE_INSTANCE_TOKEN",
    LATE,
    "BEANPOLE_OPTION_SETTINGS",
    "BEANPOLE_PROPERTIES",
    "BEANPOLE_PROXY",
    "BEANPOLE_STATIC_FILES",
    "BEANPOLE_STOP_SECONDS",
];

/// A further process listens on the port of the first and so many more.
const NEXT_PORT: u16 = 100;
const STOP_SECONDS: u64 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    Nginx,
    Apache,
    None,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a description of an instance: {source}")]
    Malformed {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("the variable {name} is {value:?}, but it takes {wanted}")]
    Variable {
        name: &'static str,
        value: String,
        wanted: &'static str,
    },
    #[error(
        "{} of {} asks for what its environment has, and the server did not tell it: upload the version again under \
         another label, and deploy that", .0.name, .0.file
    )]
    Untold(Late),
}

/// Everything decided before anything is started.
#[derive(Debug)]
pub struct Settings {
    pub instance: Instance,
    /// What the image's build left out.
    pub late_steps: Vec<Step>,
    /// Those of the image, and in their places those that the server tells.
    pub container_commands: Vec<Command>,
    pub proxy: ProxyKind,
    /// Where the first process listens.
    pub port: u16,
    /// URL path to folder below the application's root.
    pub static_files: BTreeMap<String, String>,
    /// How long processes have to end before they are killed.
    pub grace: Duration,
    /// What everything that is started gets.
    pub env: BTreeMap<String, String>,
    /// The configuration alone has changed.
    pub reconfigures: bool,
    /// How the server is asked about commands of the leader; none where there is no server to ask.
    pub server: Option<Server>,
}

/// Where and with what the server is asked.
#[derive(Clone, Debug)]
pub struct Server {
    pub url: String,
    pub token: String,
}

pub fn read(path: &Path) -> Result<Instance, SettingsError> {
    let text = std::fs::read(path).map_err(|source| SettingsError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|source| SettingsError::Malformed {
        path: path.to_owned(),
        source,
    })
}

impl Settings {
    /// `variables` are the container's.
    pub fn new(instance: Instance, mut variables: BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let mut private: BTreeMap<&str, String> = PRIVATE
            .into_iter()
            .filter_map(|name| Some((name, variables.remove(name)?)))
            .collect();
        let wrong = |name, value: &str, wanted| SettingsError::Variable {
            name,
            value: value.chars().take(200).collect(),
            wanted,
        };
        let proxy = match private.get("BEANPOLE_PROXY").map(String::as_str) {
            None | Some("nginx") => ProxyKind::Nginx,
            Some("apache") => ProxyKind::Apache,
            Some("none") => ProxyKind::None,
            Some(other) => return Err(wrong("BEANPOLE_PROXY", other, "nginx, apache or none")),
        };
        let port = variables.get("PORT").map_or("8080", String::as_str);
        let port = port
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or_else(|| wrong("PORT", port, "a number from 1 to 65535"))?;
        let mut static_files = instance.static_files.clone();
        if let Some(text) = private.get("BEANPOLE_STATIC_FILES") {
            let more: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| {
                wrong(
                    "BEANPOLE_STATIC_FILES",
                    text,
                    "a JSON object of paths and folders",
                )
            })?;
            static_files.extend(more);
        }
        let told: Told = match private.get(LATE) {
            Some(text) => {
                serde_json::from_str(text).map_err(|_| wrong(LATE, text, "steps and commands as JSON"))?
            }
            None => Told::default(),
        };
        let grace = match private.get("BEANPOLE_STOP_SECONDS") {
            Some(text) => text
                .parse()
                .map_err(|_| wrong("BEANPOLE_STOP_SECONDS", text, "a number of seconds"))?,
            None => STOP_SECONDS,
        };
        let server = match (
            private.remove("BEANPOLE_INSTANCE_URL"),
            private.remove("BEANPOLE_INSTANCE_TOKEN"),
        ) {
            (Some(url), Some(token)) => Some(Server { url, token }),
            _ => None,
        };
        let reconfigures = private
            .get("BEANPOLE_DEPLOYMENT")
            .is_some_and(|kind| kind == "configuration");
        Ok(Self {
            late_steps: steps(&instance.late_steps, &told.steps)?,
            container_commands: commands(&instance.container_commands, &told.commands)?,
            instance,
            proxy,
            port,
            static_files,
            grace: Duration::from_secs(grace),
            env: variables,
            reconfigures,
            server,
        })
    }

    /// The port of a process by its place in the description.
    pub fn port_of(&self, index: usize) -> u16 {
        let further = u16::try_from(index).unwrap_or(u16::MAX);
        self.port.saturating_add(further.saturating_mul(NEXT_PORT))
    }
}

/// The steps that the image lacks in working order, as the server tells them.
fn steps(planned: &[Late], told: &[Step]) -> Result<Vec<Step>, SettingsError> {
    let one = |late: &Late| {
        let found = told
            .iter()
            .find(|step| (&step.file, &step.name) == (&late.file, &late.name));
        found.cloned().ok_or_else(|| SettingsError::Untold(late.clone()))
    };
    planned.iter().map(one).collect()
}

/// The commands of the image in working order, late ones as the server tells them.
fn commands(planned: &[ContainerCommand], told: &[Command]) -> Result<Vec<Command>, SettingsError> {
    let one = |planned: &ContainerCommand| match planned {
        ContainerCommand::Known(command) => Ok(command.clone()),
        ContainerCommand::Late(late) => {
            let found = told
                .iter()
                .find(|command| (&command.file, &command.name) == (&late.file, &late.name));
            found.cloned().ok_or_else(|| SettingsError::Untold(late.clone()))
        }
    };
    planned.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::new(Instance::default(), variables.collect())
    }

    #[test]
    fn what_is_ours_reaches_no_application() {
        let mut all: Vec<_> = PRIVATE.iter().map(|name| (*name, "{}")).collect();
        all.retain(|(name, _)| !["BEANPOLE_PROXY", "BEANPOLE_STOP_SECONDS"].contains(name));
        all.push(("PORT", "8000"));
        all.push(("BEANPOLE_QUEUE_URL_JOBS", "x"));
        let settings = settings(&all).unwrap();
        let names: Vec<_> = settings.env.keys().map(String::as_str).collect();
        assert_eq!(names, ["BEANPOLE_QUEUE_URL_JOBS", "PORT"]);
        assert!(settings.server.is_some());
        assert_eq!((settings.port_of(0), settings.port_of(2)), (8000, 8200));
    }

    #[test]
    fn a_variable_that_makes_no_sense_is_named() {
        for (name, value) in [
            ("BEANPOLE_PROXY", "squid"),
            ("PORT", "0"),
            ("BEANPOLE_STATIC_FILES", "[]"),
        ] {
            let error = settings(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
    }

    #[test]
    fn what_is_late_is_done_as_the_server_tells_it() {
        let text = r#"{"late_steps":[{"file":"a","name":"files"}],
            "container_commands":[{"file":"a","name":"1","command":"one"},{"file":"a","name":"2"}]}"#;
        let instance = || serde_json::from_str::<Instance>(text).unwrap();
        let told = r#"{"steps":[{"file":"a","name":"files","script":"write"}],
            "commands":[{"file":"a","name":"2","command":"two"}]}"#;
        let variables = BTreeMap::from([(LATE.to_owned(), told.to_owned())]);
        let settings = Settings::new(instance(), variables).unwrap();
        let lines: Vec<_> = settings
            .container_commands
            .iter()
            .map(|command| &command.command)
            .collect();
        let line = |text: &str| beanpole_instance::Line::Shell(text.to_owned());
        assert_eq!(lines, [&line("one"), &line("two")]);
        assert_eq!(settings.late_steps[0].script, "write");
        let untold = Settings::new(instance(), BTreeMap::new())
            .unwrap_err()
            .to_string();
        assert!(untold.starts_with("files of a asks"), "{untold}");
    }
}
