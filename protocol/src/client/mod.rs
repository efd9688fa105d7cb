//! The REST API as a Rust value: one method a route, no logic of its own.
//!
//! Shared by `bp`, the console, benches and tests, so that there is one way to the server. Here is how
//! a request is made and an answer read; the methods are in a file for each group of resources.

mod access;
mod applications;
mod deployments;
mod environments;
mod hosts;
mod identity;
mod queues;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use crate::api::Problem;

/// A call that did not work.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server answered, and the answer is no.
    #[error("{0}")]
    Problem(Box<Problem>),
    #[error("the Beanpole server at {url} cannot be reached ({source})")]
    Unreachable { url: String, source: reqwest::Error },
    #[error(
        "the answer of {url} is not one of a Beanpole server (HTTP {status}): is this the right address?"
    )]
    NotBeanpole { url: String, status: u16 },
}

impl ClientError {
    /// The `kind` of the server's problem, when it was the server that said no.
    pub fn kind(&self) -> Option<&str> {
        match self {
            ClientError::Problem(problem) => Some(&problem.kind),
            _ => None,
        }
    }

    pub fn status(&self) -> Option<u16> {
        match self {
            ClientError::Problem(problem) => Some(problem.status),
            ClientError::NotBeanpole { status, .. } => Some(*status),
            ClientError::Unreachable { .. } => None,
        }
    }
}

pub type Result<T, E = ClientError> = std::result::Result<T, E>;

/// A server and who we are to it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// Makes `ring` the process's TLS provider; calling it again does nothing.
pub fn install_tls_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Text as one segment of a URL's path: everything but letters, digits and `-_.~` percent-encoded.
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A proxy named by the process's environment is of no use for a server on this very machine.
fn is_loopback(base: &str) -> bool {
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
    let host = authority.split('/').next().unwrap_or_default();
    host.starts_with("127.") || host.starts_with("[::1]") || host.split(':').next() == Some("localhost")
}

impl Client {
    /// `base` is the server's URL, such as `http://localhost:8000`; `token` an API token or JWT.
    pub fn new(base: &str, token: Option<String>) -> Result<Self> {
        install_tls_provider();
        let base = base.trim_end_matches('/').to_owned();
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("beanpole/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|source| ClientError::Unreachable {
            url: base.clone(),
            source,
        })?;
        Ok(Self { http, base, token })
    }

    /// The same connection pool, as somebody else.
    pub fn with_token(&self, token: Option<String>) -> Self {
        Self {
            token,
            ..self.clone()
        }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = request.send().await.map_err(|source| ClientError::Unreachable {
            url: self.base.clone(),
            source,
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        match response.json::<Problem>().await {
            Ok(problem) => Err(ClientError::Problem(Box::new(problem))),
            Err(_) => Err(ClientError::NotBeanpole {
                url: self.base.clone(),
                status: status.as_u16(),
            }),
        }
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let response = self.send(request).await?;
        let status = response.status().as_u16();
        response.json().await.map_err(|source| {
            if source.is_decode() {
                ClientError::NotBeanpole {
                    url: self.base.clone(),
                    status,
                }
            } else {
                ClientError::Unreachable {
                    url: self.base.clone(),
                    source,
                }
            }
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.json(self.request(Method::GET, path)).await
    }

    async fn get_query<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T> {
        self.json(self.request(Method::GET, path).query(query)).await
    }

    /// Creates carry an idempotency key: a repeated call with the same key is one creation.
    async fn create<T: DeserializeOwned>(&self, path: &str, key: &str, body: &impl Serialize) -> Result<T> {
        self.json(
            self.request(Method::POST, path)
                .header("idempotency-key", key)
                .json(body),
        )
        .await
    }

    async fn delete(&self, path: &str) -> Result<()> {
        self.send(self.request(Method::DELETE, path)).await.map(drop)
    }

    /// True once the server answers and its database does too.
    pub async fn is_ready(&self) -> bool {
        match self
            .http
            .get(format!("{}/healthz", self.base))
            .timeout(Duration::from_secs(5))
            .send()
            .await
        {
            Ok(response) => response.status() == StatusCode::OK,
            Err(_) => false,
        }
    }
}

fn environment_path(name: &str, rest: &str) -> String {
    format!("/environments/{}{rest}", segment(name))
}
