//! `get-config`, which tells commands and hooks of their environment, as Beanstalk's does.
//!
//! It reads what the init wrote down when it started: the one file that holds what the application itself
//! is not told, so root alone may.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    process::ExitCode,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::settings::{ProxyKind, Settings};

const STATE: &str = "/opt/elasticbeanstalk/deployment/config.json";
/// The same as shell lines, where Beanstalk puts them for cron jobs and people who look around.
const ENV: &str = "/opt/elasticbeanstalk/deployment/env";

/// What there is to tell.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub environment: BTreeMap<String, String>,
    pub option_settings: Value,
    pub container: BTreeMap<String, String>,
    pub platform: BTreeMap<String, String>,
}

impl State {
    /// What an instance with these settings tells; `all` are the container's variables.
    pub fn of(settings: &Settings, all: &BTreeMap<String, String>) -> Self {
        let private = |name: &str| all.get(name).map_or("", String::as_str);
        let names: Option<Vec<String>> = serde_json::from_str(private("BEANPOLE_PROPERTIES")).ok();
        let is_one = |name: &String| names.as_ref().is_none_or(|names| names.contains(name));
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let mut environment = settings.env.clone();
        environment.retain(|name, _| is_one(name) || name == "PORT");
        Self {
            environment,
            option_settings: serde_json::from_str(private("BEANPOLE_OPTION_SETTINGS")).unwrap_or_default(),
            container: BTreeMap::from([
                pair("platform", settings.instance.platform.clone()),
                pair("instance_port", settings.port.to_string()),
                pair(
                    "proxy_server",
                    match settings.proxy {
                        ProxyKind::Nginx => "nginx",
                        ProxyKind::Apache => "apache",
                        ProxyKind::None => "none",
                    }
                    .to_owned(),
                ),
            ]),
            platform: BTreeMap::from([
                pair("AppDeployDir", "/var/app/current/".to_owned()),
                pair("AppStagingDir", "/var/app/staging/".to_owned()),
                pair("AppUser", "webapp".to_owned()),
                pair("ProxyServer", private("BEANPOLE_PROXY").to_owned()),
            ]),
        }
    }

    pub fn write(&self) -> std::io::Result<()> {
        let lines: String = self
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        secret(Path::new(STATE), &serde_json::to_vec(self)?)?;
        secret(Path::new(ENV), lines.as_bytes())
    }

    /// The answer to a question; an error says what there is no such thing as.
    fn answer(&self, words: &[String]) -> Result<String, String> {
        let (what, flags) = words.split_first().ok_or_else(usage)?;
        let flag = |name: &str| {
            let at = flags.iter().position(|word| word == name)?;
            flags.get(at + 1).map(String::as_str)
        };
        let key = flag("-k").or_else(|| flag("--key"));
        let one_of = |map: &BTreeMap<String, String>| match key {
            None => Ok(json!(map).to_string()),
            Some(key) => map
                .get(key)
                .cloned()
                .ok_or_else(|| format!("there is no key {key}")),
        };
        match what.as_str() {
            "environment" => one_of(&self.environment),
            "container" => one_of(&self.container),
            "platformconfig" => one_of(&self.platform),
            "addons" => Err("this environment has no add-ons".to_owned()),
            "optionsettings" => {
                let Some(namespace) = flag("-n").or_else(|| flag("--namespace")) else {
                    return Ok(self.option_settings.to_string());
                };
                let found = &self.option_settings[namespace];
                match flag("-o").or_else(|| flag("--option-name")) {
                    None if found.is_null() => Err(format!("there is no option of {namespace}")),
                    None => Ok(found.to_string()),
                    Some(option) => match &found[option] {
                        Value::String(value) => Ok(value.clone()),
                        Value::Null => Err(format!("there is no option {option} of {namespace}")),
                        other => Ok(other.to_string()),
                    },
                }
            }
            _ => Err(usage()),
        }
    }
}

fn secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)
}

fn usage() -> String {
    "usage: get-config environment|container|platformconfig [-k KEY], get-config optionsettings [-n NAMESPACE [-o \
     OPTION]]"
        .to_owned()
}

pub fn main(words: &[String]) -> ExitCode {
    let state = fs::read(STATE).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            "nothing is known of an environment here: an image is built for all of them".to_owned()
        }
        _ => format!("{STATE} cannot be read: {error}"),
    });
    let state =
        state.and_then(|text| serde_json::from_slice::<State>(&text).map_err(|error| error.to_string()));
    match state.and_then(|state| state.answer(words)) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("get-config: {problem}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_bare_and_all_of_them_as_json() {
        let state = State {
            environment: BTreeMap::from([("COLOUR".to_owned(), "green".to_owned())]),
            option_settings: json!({"aws:autoscaling:asg": {"MinSize": "2"}}),
            ..State::default()
        };
        let ask = |words: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            state.answer(&words)
        };
        assert_eq!(ask("environment -k COLOUR").unwrap(), "green");
        assert_eq!(ask("environment").unwrap(), r#"{"COLOUR":"green"}"#);
        assert_eq!(
            ask("optionsettings -n aws:autoscaling:asg -o MinSize").unwrap(),
            "2"
        );
        assert!(ask("environment -k SIZE").unwrap_err().contains("SIZE"));
        assert!(ask("weather").unwrap_err().starts_with("usage"));
    }
}
