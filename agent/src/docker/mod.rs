//! The calls to the Docker Engine, one file a noun; every use of bollard's request types is here.
//!
//! Makes no decisions: it turns our values into API calls and answers into our values. Works with
//! any Engine from API 1.41 on, on cgroup v1 and v2.

pub mod build;
pub mod containers;
pub mod events;
pub mod images;
pub mod logs;
pub mod members;
pub mod network;
pub mod stats;

use std::{path::Path, time::Duration};

use beanpole_protocol::agent::HostFacts;
use bollard::{API_DEFAULT_VERSION, Docker, errors::Error as Bollard};

/// Time an ordinary call may take before it answers.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// A call that did not work.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {}", plain(source))]
pub struct DockerError {
    /// What was being done, such as `creating the container`.
    doing: String,
    source: Bollard,
}

/// What an Engine says of itself and of its host.
#[derive(Clone, Debug)]
pub struct EngineFacts {
    pub host: HostFacts,
    /// Where it keeps its data.
    pub root: Option<String>,
    /// Whether containers run on when it ends.
    pub outlived_by_containers: bool,
}

pub type Result<T, E = DockerError> = std::result::Result<T, E>;

impl DockerError {
    /// The Engine's HTTP status, when it answered.
    pub fn status(&self) -> Option<u16> {
        match self.source {
            Bollard::DockerResponseServerError { status_code, .. } => Some(status_code),
            _ => None,
        }
    }

    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the Engine did not answer at all, so that trying again makes sense.
    pub fn is_unreachable(&self) -> bool {
        !matches!(
            self.source,
            Bollard::DockerResponseServerError { .. }
                | Bollard::DockerStreamError { .. }
                | Bollard::DockerContainerWaitError { .. }
                | Bollard::JsonDataError { .. }
        )
    }

    /// Whether a build lost the image of its last step to somebody who removed it: the builder takes
    /// cached steps, and lets go those of an image that goes, without looking at builds under way.
    pub fn lost_a_step(&self) -> bool {
        let told = plain(&self.source);
        [
            "unable to find image \"sha256:",
            "No such image: sha256:",
            "unknown parent image ID sha256:",
            "layer does not exist",
        ]
        .iter()
        .any(|words| told.contains(words))
    }
}

/// The Engine's own words without bollard's wrapping.
fn plain(error: &Bollard) -> String {
    match error {
        Bollard::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Bollard::DockerStreamError { error } => error.trim().to_owned(),
        other => other.to_string(),
    }
}

/// Names what was being done when an error came.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &str) -> Result<T>;
}

impl<T> Doing<T> for std::result::Result<T, Bollard> {
    fn doing(self, doing: &str) -> Result<T> {
        self.map_err(|source| DockerError {
            doing: doing.to_owned(),
            source,
        })
    }
}

/// A connection to one Engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    api: Docker,
}

impl Engine {
    /// Connects over a Unix socket and settles on a version of the API that the Engine speaks.
    pub async fn connect(socket: &Path) -> Result<Self> {
        let doing = format!("connecting to Docker at {}", socket.display());
        let api = Docker::connect_with_unix(
            &socket.to_string_lossy(),
            CALL_TIMEOUT.as_secs(),
            API_DEFAULT_VERSION,
        )
        .doing(&doing)?;
        let api = api.negotiate_version().await.doing(&doing)?;
        Ok(Self { api })
    }

    /// The same Engine for a call that answers late.
    pub(crate) fn patient(&self, timeout: Duration) -> Docker {
        self.api.clone().with_timeout(timeout)
    }

    /// The host as the Engine sees it, and the folder where it keeps its data.
    pub async fn facts(&self) -> Result<EngineFacts> {
        let info = self.api.info().await.doing("asking Docker about the host")?;
        let facts = HostFacts {
            cpus: info.ncpu.and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            memory_bytes: info.mem_total.and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
            docker_version: info.server_version.unwrap_or_default(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            disk_free_bytes: None,
            services_trouble: None,
        };
        Ok(EngineFacts {
            host: facts,
            root: info.docker_root_dir,
            outlived_by_containers: info.live_restore_enabled.unwrap_or(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_lost_its_last_step_is_told_from_one_that_fails() {
        let failure = |error: &str| DockerError {
            doing: "building the image".to_owned(),
            source: Bollard::DockerStreamError {
                error: error.to_owned(),
            },
        };
        assert!(failure("unable to find image \"sha256:4daf08\"").lost_a_step());
        assert!(failure("No such image: sha256:4daf08").lost_a_step());
        let export =
            "failed to export image: failed to set parent sha256:dc8e: unknown parent image ID sha256:dc8e";
        assert!(failure(export).lost_a_step());
        for other in [
            "pull access denied for nothing",
            "The command '/bin/sh -c pip install' returned a non-zero code: 1",
        ] {
            assert!(!failure(other).lost_a_step(), "{other}");
        }
    }
}
