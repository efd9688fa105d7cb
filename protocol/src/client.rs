//! The REST API as a Rust value: one method a route, no logic of its own.
//!
//! Shared by `bp`, the console, benches and tests, so that there is one way to the server.

use std::{io, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use crate::{DeploymentId, HostId, TokenId, api::*};

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

    // Identity

    pub async fn sign_in(&self, how: &SignIn) -> Result<Session> {
        self.json(self.request(Method::POST, "/session").json(how)).await
    }
    pub async fn whoami(&self) -> Result<Principal> {
        self.get("/session").await
    }
    /// Ends all sessions of the caller.
    pub async fn sign_out(&self) -> Result<()> {
        self.delete("/session").await
    }
    pub async fn set_password(&self, user: &str, password: &SetPassword) -> Result<()> {
        let path = format!("/users/{}/password", segment(user));
        self.send(self.request(Method::PUT, &path).json(password))
            .await
            .map(drop)
    }
    pub async fn users(&self, page: &PageQuery) -> Result<Page<User>> {
        self.get_query("/users", page).await
    }
    pub async fn create_user(&self, key: &str, user: &CreateUser) -> Result<User> {
        self.create("/users", key, user).await
    }
    pub async fn delete_user(&self, name: &str) -> Result<()> {
        self.delete(&format!("/users/{}", segment(name))).await
    }
    pub async fn tokens(&self, page: &PageQuery) -> Result<Page<ApiToken>> {
        self.get_query("/tokens", page).await
    }
    pub async fn create_token(&self, key: &str, token: &CreateToken) -> Result<NewToken> {
        self.create("/tokens", key, token).await
    }
    pub async fn revoke_token(&self, id: &TokenId) -> Result<()> {
        self.delete(&format!("/tokens/{id}")).await
    }

    // Applications and versions

    pub async fn applications(&self, page: &PageQuery) -> Result<Page<Application>> {
        self.get_query("/applications", page).await
    }
    pub async fn application(&self, name: &str) -> Result<Application> {
        self.get(&format!("/applications/{}", segment(name))).await
    }
    pub async fn create_application(
        &self,
        key: &str,
        application: &CreateApplication,
    ) -> Result<Application> {
        self.create("/applications", key, application).await
    }
    pub async fn delete_application(&self, name: &str) -> Result<()> {
        self.delete(&format!("/applications/{}", segment(name))).await
    }
    pub async fn versions(&self, application: &str, page: &PageQuery) -> Result<Page<ApplicationVersion>> {
        self.get_query(&format!("/applications/{}/versions", segment(application)), page)
            .await
    }
    pub async fn version(&self, application: &str, label: &str) -> Result<ApplicationVersion> {
        self.get(&version_path(application, label)).await
    }
    /// Uploads a bundle. The body is streamed; `length` is its size in bytes.
    pub async fn upload_version<S>(
        &self,
        application: &str,
        label: &str,
        query: &UploadQuery,
        length: u64,
        body: S,
    ) -> Result<ApplicationVersion>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let request = self
            .request(Method::PUT, &version_path(application, label))
            .query(query)
            .header("content-type", "application/zip")
            .header("content-length", length)
            .body(Body::wrap_stream(body));
        self.json(request).await
    }
    /// As [`Self::upload_version`], for a body whose size is not known before its end.
    ///
    /// A stream that ends with an error ends the request, so that half a bundle is never taken for a whole.
    pub async fn upload_version_unsized<S>(
        &self,
        application: &str,
        label: &str,
        query: &UploadQuery,
        body: S,
    ) -> Result<ApplicationVersion>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let request = self
            .request(Method::PUT, &version_path(application, label))
            .query(query)
            .header("content-type", "application/zip")
            .body(Body::wrap_stream(body));
        self.json(request).await
    }
    pub async fn delete_version(&self, application: &str, label: &str) -> Result<()> {
        self.delete(&version_path(application, label)).await
    }
    pub async fn build_log(&self, application: &str, label: &str) -> Result<BuildLog> {
        self.get(&format!("{}/build-log", version_path(application, label)))
            .await
    }

    // Environments

    /// `application` narrows the list; terminated environments are not listed.
    pub async fn environments(
        &self,
        application: Option<&str>,
        page: &PageQuery,
    ) -> Result<Page<Environment>> {
        let filter: Vec<(&str, &str)> = application
            .map(|name| ("application", name))
            .into_iter()
            .collect();
        self.json(
            self.request(Method::GET, "/environments")
                .query(page)
                .query(&filter),
        )
        .await
    }
    pub async fn environment(&self, name: &str) -> Result<Environment> {
        self.get(&environment_path(name, "")).await
    }
    pub async fn create_environment(&self, key: &str, body: &CreateEnvironment) -> Result<EnvironmentChange> {
        self.create("/environments", key, body).await
    }
    pub async fn update_environment(
        &self,
        name: &str,
        key: &str,
        body: &UpdateEnvironment,
    ) -> Result<EnvironmentChange> {
        self.json(
            self.request(Method::PATCH, &environment_path(name, ""))
                .header("idempotency-key", key)
                .json(body),
        )
        .await
    }
    pub async fn terminate_environment(&self, name: &str) -> Result<EnvironmentChange> {
        self.json(self.request(Method::DELETE, &environment_path(name, "")))
            .await
    }
    pub async fn configuration(&self, name: &str) -> Result<Configuration> {
        self.get(&environment_path(name, "/configuration")).await
    }
    pub async fn instances(&self, name: &str) -> Result<Page<Instance>> {
        self.get(&environment_path(name, "/instances")).await
    }
    pub async fn request_logs(&self, name: &str, body: &RequestLogs) -> Result<Page<InstanceLog>> {
        self.json(
            self.request(Method::POST, &environment_path(name, "/logs"))
                .json(body),
        )
        .await
    }
    pub async fn events(&self, name: &str, query: &EventQuery) -> Result<Page<Event>> {
        self.get_query(&environment_path(name, "/events"), query).await
    }
    /// The raw server-sent event stream: `id:` is the event's id, `data:` its JSON.
    pub async fn event_stream(
        &self,
        name: &str,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>> {
        let query: Vec<(&str, i64)> = after.map(|id| ("after", id)).into_iter().collect();
        let response = self
            .send(
                self.request(Method::GET, &environment_path(name, "/events/stream"))
                    .query(&query),
            )
            .await?;
        Ok(response.bytes_stream().map_err(io::Error::other))
    }

    // Deployments

    pub async fn deploy(
        &self,
        environment: &str,
        key: &str,
        body: &CreateDeployment,
    ) -> Result<EnvironmentChange> {
        self.create(&environment_path(environment, "/deployments"), key, body)
            .await
    }
    pub async fn deployments(&self, environment: &str, page: &PageQuery) -> Result<Page<Deployment>> {
        self.get_query(&environment_path(environment, "/deployments"), page)
            .await
    }
    pub async fn deployment(&self, id: &DeploymentId) -> Result<Deployment> {
        self.get(&format!("/deployments/{id}")).await
    }
    /// Waits on the server until the deployment has ended, at most `timeout_seconds`.
    pub async fn deployment_result(&self, id: &DeploymentId, timeout_seconds: u32) -> Result<Deployment> {
        self.get_query(
            &format!("/deployments/{id}/result"),
            &[("timeout", timeout_seconds)],
        )
        .await
    }
    pub async fn abort(&self, id: &DeploymentId) -> Result<Deployment> {
        self.json(self.request(Method::POST, &format!("/deployments/{id}/abort")))
            .await
    }

    // Hosts

    pub async fn hosts(&self, page: &PageQuery) -> Result<Page<Host>> {
        self.get_query("/hosts", page).await
    }
    pub async fn create_join_token(&self) -> Result<JoinToken> {
        self.json(self.request(Method::POST, "/hosts/join-tokens")).await
    }
    pub async fn remove_host(&self, id: &HostId) -> Result<()> {
        self.delete(&format!("/hosts/{id}")).await
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

fn version_path(application: &str, label: &str) -> String {
    format!(
        "/applications/{}/versions/{}",
        segment(application),
        segment(label)
    )
}

fn environment_path(name: &str, rest: &str) -> String {
    format!("/environments/{}{rest}", segment(name))
}
