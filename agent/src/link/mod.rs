//! The agent's end of the agent API: HTTP to the server, always from here to there.
//!
//! One method a call; when and how often to call is decided by the tasks beside it. A credential that
//! is refused is an error like any other: nothing on this host is stopped because of it.

pub mod desired;
pub mod join;
pub mod pace;
pub mod report;
pub mod task;

use std::{path::Path, time::Duration};

use beanpole_protocol::{
    TaskId, VersionId,
    agent::{Desired, JoinRequest, JoinResponse, Report, TaskResult},
    api::Problem,
    client::{install_tls_provider, segment},
};
use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

/// An ordinary call, from start to end.
const CALL: Duration = Duration::from_secs(20);
/// The server holds a long poll for 30 s.
const LONG_POLL: Duration = Duration::from_secs(60);
/// Silence in the middle of a download.
const STALL: Duration = Duration::from_secs(30);
/// The server takes no larger bundle.
const LARGEST_BUNDLE: u64 = 512 << 20;

/// A call that did not work.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("the server at {url} cannot be reached: {}", causes(source))]
    Unreachable { url: String, source: reqwest::Error },
    #[error("the server refuses this host's credential: {detail}")]
    Refused { detail: String },
    #[error("the server answered {status}: {detail}")]
    Answered { status: u16, detail: String },
    #[error("the bundle cannot be written to {path}: {source}")]
    Disk { path: String, source: std::io::Error },
    #[error("the bundle is larger than {} MiB", LARGEST_BUNDLE >> 20)]
    TooLarge,
    #[error("the bundle's bytes do not have the expected SHA-256")]
    WrongBytes,
}

/// reqwest's errors say what went wrong only in their sources.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl LinkError {
    /// Whether the same call can work later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            LinkError::Unreachable { .. } | LinkError::Refused { .. } | LinkError::WrongBytes => true,
            LinkError::Answered { status, .. } => *status >= 500 || *status == 429 || *status == 408,
            LinkError::Disk { .. } | LinkError::TooLarge => false,
        }
    }
}

pub type Result<T, E = LinkError> = std::result::Result<T, E>;

/// The server, and who this host is to it. Cheap to clone.
#[derive(Clone)]
pub struct Link {
    http: reqwest::Client,
    base: String,
    credential: Option<String>,
}

impl Link {
    /// `server` is its URL, such as `http://10.0.0.1:8000`.
    pub fn new(server: &str, credential: Option<String>) -> Result<Self> {
        install_tls_provider();
        let base = server.trim_end_matches('/').to_owned();
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .tcp_keepalive(Duration::from_secs(15))
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("beanpole-agent/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|source| LinkError::Unreachable {
            url: base.clone(),
            source,
        })?;
        Ok(Self {
            http,
            base,
            credential,
        })
    }

    /// The same server, with this host's credential.
    pub fn with_credential(&self, credential: String) -> Self {
        Self {
            credential: Some(credential),
            ..self.clone()
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/agent/v1/{path}", self.base));
        match &self.credential {
            Some(credential) => request.bearer_auth(credential),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = request.send().await.map_err(|source| self.unreachable(source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let detail = match response.json::<Problem>().await {
            Ok(problem) => problem.to_string(),
            Err(_) => "without saying why".to_owned(),
        };
        Err(match status {
            StatusCode::UNAUTHORIZED => LinkError::Refused { detail },
            status => LinkError::Answered {
                status: status.as_u16(),
                detail,
            },
        })
    }

    fn unreachable(&self, source: reqwest::Error) -> LinkError {
        LinkError::Unreachable {
            url: self.base.clone(),
            source,
        }
    }

    pub async fn join(&self, request: &JoinRequest) -> Result<JoinResponse> {
        let response = self
            .send(self.request(Method::POST, "join").json(request).timeout(CALL))
            .await?;
        response.json().await.map_err(|source| self.unreachable(source))
    }

    /// The desired list once it is another than `known`; none when that took too long.
    pub async fn desired(&self, known: u64) -> Result<Option<Desired>> {
        let request = self
            .request(Method::GET, "desired")
            .query(&[("known", known)])
            .timeout(LONG_POLL);
        let response = self.send(request).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        response
            .json()
            .await
            .map(Some)
            .map_err(|source| self.unreachable(source))
    }

    pub async fn report(&self, report: &Report) -> Result<()> {
        self.send(self.request(Method::POST, "report").json(report).timeout(CALL))
            .await
            .map(drop)
    }

    pub async fn append_build_log(&self, version: &VersionId, attempt: u32, text: String) -> Result<()> {
        let request = self
            .request(Method::POST, &format!("builds/{}/log", segment(version.as_str())))
            .query(&[("attempt", attempt)])
            .header(reqwest::header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(text)
            .timeout(CALL);
        self.send(request).await.map(drop)
    }

    pub async fn finish_task(&self, task: &TaskId, result: &TaskResult) -> Result<()> {
        let request = self.request(Method::POST, &format!("tasks/{}", segment(task.as_str())));
        self.send(request.json(result).timeout(CALL)).await.map(drop)
    }

    /// Downloads a version's bundle to `path` and checks its bytes.
    pub async fn bundle(&self, version: &VersionId, sha256: &str, path: &Path) -> Result<u64> {
        let disk = |source| LinkError::Disk {
            path: path.display().to_string(),
            source,
        };
        let request = self
            .request(Method::GET, &format!("bundles/{}", segment(version.as_str())))
            .timeout(Duration::from_secs(3600));
        let mut body = self.send(request).await?.bytes_stream();
        let mut file = tokio::fs::File::create(path).await.map_err(disk)?;
        let mut hash = Sha256::new();
        let mut size = 0u64;
        loop {
            let piece = match tokio::time::timeout(STALL, body.next()).await {
                Ok(Some(piece)) => piece.map_err(|source| self.unreachable(source))?,
                Ok(None) => break,
                Err(_) => {
                    return Err(LinkError::Answered {
                        status: 504,
                        detail: format!("and then sent nothing for {} seconds", STALL.as_secs()),
                    });
                }
            };
            size += piece.len() as u64;
            if size > LARGEST_BUNDLE {
                return Err(LinkError::TooLarge);
            }
            hash.update(&piece);
            file.write_all(&piece).await.map_err(disk)?;
        }
        file.flush().await.map_err(disk)?;
        if hex::encode(hash.finalize()) == sha256.to_ascii_lowercase() {
            Ok(size)
        } else {
            Err(LinkError::WrongBytes)
        }
    }
}

/// A proxy named by the process's environment is of no use for a server on this very machine.
fn is_loopback(base: &str) -> bool {
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
    let host = authority.split('/').next().unwrap_or_default();
    host.starts_with("127.") || host.starts_with("[::1]") || host.split(':').next() == Some("localhost")
}
