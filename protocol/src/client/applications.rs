//! Calls about applications and their versions.

use std::io;

use bytes::Bytes;
use futures_util::Stream;
use reqwest::{Body, Method};

use super::{Client, Result, segment};
use crate::api::*;

impl Client {
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
}

fn version_path(application: &str, label: &str) -> String {
    format!(
        "/applications/{}/versions/{}",
        segment(application),
        segment(label)
    )
}
