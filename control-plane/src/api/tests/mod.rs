//! The REST API over real HTTP and a real database.

mod access;
mod access_keys;
mod access_roles;
mod document;
mod environments;
mod idempotency;
mod identity;
mod manifests;
mod outage;
mod plans;
mod protocol;
mod queues;
mod signed;
mod versions;

use beanpole_protocol::{
    Timestamp,
    api::{CreateToken, Role},
    client::{Client, ClientError},
};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{App, Config, ops, serve, store::testing};

/// A server that runs, and an admin of it.
pub struct World {
    pub app: App,
    pub admin: Client,
    pub url: String,
    pub token: String,
    server: Option<serve::Server>,
    _folder: TempDir,
}

/// A password that will do.
pub const PASSWORD: &str = "correct horse battery";

impl World {
    pub async fn start() -> Self {
        Self::start_with(|config| config).await
    }

    /// With a configuration that `change` made of the usual one.
    pub async fn start_with(change: impl FnOnce(Config) -> Config) -> Self {
        let (config, folder) = testing::config().await;
        let config = change(config);
        let server = serve::start(config, CancellationToken::new()).await.unwrap();
        let url = format!("http://{}", server.address);
        let app = server.app.clone();
        let token = user_with_token(&app, "root", Role::Admin).await;
        let admin = Client::new(&url, Some(token.clone())).unwrap();
        Self {
            app,
            admin,
            url,
            token,
            server: Some(server),
            _folder: folder,
        }
    }

    /// A client for a new user with this role.
    pub async fn user(&self, name: &str, role: Role) -> Client {
        self.admin
            .with_token(Some(user_with_token(&self.app, name, role).await))
    }

    /// A request as the admin, for what the client does not do.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    pub async fn stop(mut self) {
        self.server.take().unwrap().stop().await;
    }
}

async fn user_with_token(app: &App, name: &str, role: Role) -> String {
    let mut connection = app.pool.acquire().await.unwrap();
    let (passwords, now) = (&app.passwords, Timestamp::now());
    ops::identity::create_user(&mut connection, passwords, name, role, None, now)
        .await
        .unwrap();
    let owner = ops::identity::user(&mut connection, name).await.unwrap();
    let body = CreateToken {
        name: "test".to_owned(),
        role,
        expires_in_days: None,
    };
    ops::identity::create_token(&mut connection, &owner, role, &body, now)
        .await
        .unwrap()
        .secret
}

/// Kind and status of a refusal.
pub fn refusal<T>(result: Result<T, ClientError>) -> (u16, String) {
    match result {
        Ok(_) => panic!("it worked"),
        Err(error) => (
            error.status().unwrap(),
            error.kind().unwrap_or_default().to_owned(),
        ),
    }
}

/// Sends, and reads status and JSON.
pub async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
