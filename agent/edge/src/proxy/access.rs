//! Access log lines, when asked for. Paths are logged without their query, which may hold secrets.

use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, Version};
use hyper::body::Incoming;

use super::answer::ERROR_HEADER;
use super::body::ResponseBody;
use super::host;
use crate::client::state::Client;

/// What is kept of a request until it is answered.
pub struct Entry {
    method: Method,
    path: String,
    host: Option<HeaderValue>,
    version: Version,
}

impl Entry {
    pub fn new(request: &Request<Incoming>) -> Self {
        let host = request
            .uri()
            .authority()
            .and_then(|authority| HeaderValue::from_str(authority.host()).ok())
            .or_else(|| request.headers().get(http::header::HOST).cloned());
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            host,
            version: request.version(),
        }
    }

    /// Writes the line, when the head of the answer is known.
    pub fn write(self, response: &Response<ResponseBody>, client: &Client, took: Duration) {
        let host = self.host.as_ref().and_then(|host| host::name(host).ok());
        tracing::info!(
            target: "access",
            client = client.origin.address.to_str().unwrap_or_default(),
            method = %self.method,
            host = host.as_deref().unwrap_or_default(),
            path = self.path,
            version = ?self.version,
            status = response.status().as_u16(),
            edge_error = response.headers().get(&ERROR_HEADER).and_then(|kind| kind.to_str().ok()),
            duration_ms = took.as_secs_f64() * 1000.0,
            "request"
        );
    }
}
