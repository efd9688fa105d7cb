//! Reads a `Dockerrun.aws.json` of version 1: one container, of the image it names or of the Dockerfile beside
//! it. Version 2 describes several ([`super::ecs`]), version 3 stands beside a Compose file.

use beanpole_pod::words;
use serde::Deserialize;
use serde_json::Value;

use crate::layers::json_list;

pub const FILE: &str = "Dockerrun.aws.json";

/// Why it cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerrunError {
    #[error("Dockerrun.aws.json cannot be read: {detail}")]
    Unreadable { detail: String },
    #[error(
        "Dockerrun.aws.json has AWSEBDockerrunVersion 3, which goes with a docker-compose.yml, and the bundle has none"
    )]
    NoCompose,
    #[error(
        "Dockerrun.aws.json has AWSEBDockerrunVersion {found} beside a docker-compose.yml, where only version 3 may be: remove one of the two files"
    )]
    BesideCompose { found: String },
    #[error("docker-compose.yml is too large or not UTF-8")]
    ComposeUnreadable,
    #[error("Dockerrun.aws.json has AWSEBDockerrunVersion {found}: Beanpole reads version 1")]
    Version { found: String },
    #[error(
        "Dockerrun.aws.json names no image and the bundle has no Dockerfile: add {{\"Image\": {{\"Name\": \"<repository>:<tag>\"}}}} or a Dockerfile"
    )]
    NoImage,
    #[error("Dockerrun.aws.json: Image.Name is {name:?}, which is no name of an image")]
    ImageName { name: String },
    #[error("Dockerrun.aws.json: ContainerPort is {found}: give a number from 1 to 65535")]
    Port { found: String },
    #[error("Dockerrun.aws.json: {key} has a quote that does not end: {text:?}")]
    Quote { key: &'static str, text: String },
    #[error(
        "Dockerrun.aws.json: Authentication names credentials in S3, which Beanpole does not read: log in and pull the image on every host ('docker login', 'docker pull {image}'), then remove Authentication and set Image.Update to false"
    )]
    Authentication { image: String },
    #[error(
        "Dockerrun.aws.json: Volumes mounts {folders}, and instances have no folders of the host: keep what must last in a database or an object store, copy what the container needs with a Dockerfile, and remove Volumes"
    )]
    Volumes { folders: String },
}

/// What it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dockerrun {
    pub image: Option<String>,
    /// The image is fetched anew even when the host has one of its name.
    pub update: bool,
    pub port: Option<u16>,
    pub entrypoint: Vec<String>,
    pub command: Vec<String>,
    /// What has no effect here.
    pub notes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    image: Option<Image>,
    #[serde(default)]
    ports: Vec<Port>,
    #[serde(default)]
    volumes: Vec<Volume>,
    logging: Option<String>,
    entrypoint: Option<String>,
    command: Option<String>,
    authentication: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    name: String,
    update: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Port {
    container_port: Value,
    host_port: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Volume {
    #[serde(default)]
    host_directory: String,
    #[serde(default)]
    container_directory: String,
}

/// Reads its text.
pub fn read(text: &str) -> Result<Dockerrun, DockerrunError> {
    let unreadable = |error: serde_json::Error| DockerrunError::Unreadable {
        detail: error.to_string(),
    };
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(unreadable)?;
    // Before the rest, which the other versions have in other shapes.
    match plain(&value["AWSEBDockerrunVersion"]).as_str() {
        "1" => {}
        "3" => return Err(DockerrunError::NoCompose),
        found => {
            return Err(DockerrunError::Version {
                found: found.to_owned(),
            });
        }
    }
    let file: File = serde_json::from_value(value).map_err(unreadable)?;
    understood(file)
}

/// Whether it is of version 2, with container definitions of ECS.
pub fn is_of_ecs(text: &str) -> bool {
    serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}'))
        .is_ok_and(|value| plain(&value["AWSEBDockerrunVersion"]) == "2")
}

/// Reads one that stands beside a Compose file, which it only gives credentials of a registry to.
pub fn beside_compose(text: &str) -> Result<(), DockerrunError> {
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        DockerrunError::Unreadable {
            detail: error.to_string(),
        }
    })?;
    let found = plain(&value["AWSEBDockerrunVersion"]);
    if found != "3" {
        return Err(DockerrunError::BesideCompose { found });
    }
    match value["Authentication"] {
        Value::Null => Ok(()),
        _ => Err(DockerrunError::Authentication {
            image: "<image>".to_owned(),
        }),
    }
}

fn understood(file: File) -> Result<Dockerrun, DockerrunError> {
    let mut notes = Vec::new();
    let name = file.image.as_ref().map(|image| image.name.trim().to_owned());
    if let Some(name) = name.as_ref().filter(|name| !is_image_name(name)) {
        return Err(DockerrunError::ImageName { name: name.clone() });
    }
    if file.authentication.is_some() {
        return Err(DockerrunError::Authentication {
            image: name.unwrap_or_else(|| "<image>".to_owned()),
        });
    }
    if !file.volumes.is_empty() {
        let mounted = file
            .volumes
            .iter()
            .map(|volume| format!("{} at {}", volume.host_directory, volume.container_directory));
        return Err(DockerrunError::Volumes {
            folders: mounted.collect::<Vec<_>>().join(", "),
        });
    }
    if let Some(folder) = &file.logging {
        notes.push(format!(
            "Logging ({folder}) of {FILE} has no effect: logs are what the container writes to its output"
        ));
    }
    if file.ports.len() > 1 {
        notes.push(format!("of the Ports of {FILE} only the first gets requests"));
    }
    if file.ports.iter().any(|port| port.host_port.is_some()) {
        notes.push(format!(
            "HostPort of {FILE} has no effect: requests come by the environment's address"
        ));
    }
    let port = match file.ports.first().map(|port| plain(&port.container_port)) {
        None => None,
        Some(found) => match found.parse() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err(DockerrunError::Port { found }),
        },
    };
    let split = |key, text: Option<String>| {
        let text = text.unwrap_or_default();
        words(&text).ok_or(DockerrunError::Quote { key, text })
    };
    let update = file.image.as_ref().and_then(|image| image.update.as_ref());
    Ok(Dockerrun {
        update: name.is_some() && update.is_none_or(|update| plain(update) != "false"),
        image: name,
        port,
        entrypoint: split("Entrypoint", file.entrypoint)?,
        command: split("Command", file.command)?,
        notes,
    })
}

impl Dockerrun {
    /// The Dockerfile with what is said here: the bundle's own, else one of the image.
    pub fn dockerfile(&self, own: Option<&str>) -> Result<String, DockerrunError> {
        let mut text = match (own, &self.image) {
            (Some(own), _) => own.to_owned(),
            (None, Some(image)) => format!("FROM {image}\n"),
            (None, None) => return Err(DockerrunError::NoImage),
        };
        for (word, list) in [("ENTRYPOINT", &self.entrypoint), ("CMD", &self.command)] {
            if !list.is_empty() {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&format!("{word} {}\n", json_list(list)));
            }
        }
        Ok(text)
    }
}

/// Numbers and switches come as text, too.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

fn is_image_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte))
}
