//! Calls about environments: options, instances, events, logs.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use reqwest::Method;

use super::{Client, Result, environment_path};
use crate::api::*;

impl Client {
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
    /// The platforms that environments can run on.
    pub async fn platforms(&self) -> Result<Page<PlatformVersion>> {
        self.get("/platforms").await
    }
    /// What a bundle of `length` bytes would change in an environment.
    pub async fn plan<S>(&self, name: &str, length: u64, body: S) -> Result<BundlePlan>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let request = self
            .request(Method::POST, &environment_path(name, "/plan"))
            .header("content-type", "application/zip")
            .header("content-length", length)
            .body(reqwest::Body::wrap_stream(body));
        self.json(request).await
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
}
