//! The one place where an error becomes an HTTP answer: RFC 9457 `application/problem+json`.
//!
//! Each answer has an id. What went wrong inside is logged under that id and never sent.

use axum::response::{IntoResponse, Response};
use beanpole_protocol::api::Problem;
use http::{HeaderValue, StatusCode, header};

use crate::options::OptionError;

/// An answer other than success.
#[derive(Debug, thiserror::Error)]
#[error("{message} ({kind})")]
pub struct ApiError {
    pub status: StatusCode,
    /// Stable machine-readable name, snake case.
    pub kind: &'static str,
    /// What was wrong, where, and what to do next.
    pub message: String,
    /// The offending field, option or file.
    pub field: Option<String>,
    /// Seconds after which the same request may work.
    pub retry_after: Option<u64>,
    id: String,
}

/// A fresh error id, as it appears in answers and in the log.
fn error_id() -> String {
    hex::encode(rand::random::<[u8; 8]>())
}

impl ApiError {
    pub fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            field: None,
            retry_after: None,
            id: error_id(),
        }
    }

    /// 400: the request itself is not well-formed.
    pub fn bad_request(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind, message)
    }

    /// 404. `kind` names what is missing, such as `application_not_found`.
    pub fn not_found(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind, message)
    }

    /// 409: the state of things does not allow it now.
    pub fn conflict(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, message)
    }

    /// 422 with kind `invalid`: one field of the request will not do.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::unprocessable("invalid", message).with_field(field)
    }

    /// 422 with a kind of its own.
    pub fn unprocessable(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, message)
    }

    /// 401: nobody is known behind the request.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403: who asks is known and may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 413.
    pub fn too_large(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, kind, message)
    }

    /// 503: try again in a moment.
    pub fn busy(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            retry_after: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, message)
        }
    }

    /// 500. Logs `error` under the answer's id; the answer says nothing of it.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        let this = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", String::new());
        tracing::error!(error.id = %this.id, error.cause = %error, "a request failed inside the server");
        Self {
            message: format!(
                "something failed inside the server; its log has the details under error id {}",
                this.id
            ),
            ..this
        }
    }

    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The form on the wire.
    pub fn to_problem(&self) -> Problem {
        Problem {
            id: self.id.clone(),
            kind: self.kind.to_owned(),
            status: self.status.as_u16(),
            message: self.message.clone(),
            field: self.field.clone(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.to_problem()).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// True when the database could not be reached or is going away: the same request may work soon.
pub fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => true,
        // Connection exceptions, operator intervention, too many connections.
        sqlx::Error::Database(database) => database
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code.starts_with("53")),
        _ => false,
    }
}

impl From<OptionError> for ApiError {
    fn from(error: OptionError) -> Self {
        ApiError::unprocessable(error.kind(), error.to_string()).with_field(error.field())
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) {
            let this = ApiError::busy(
                "database_unavailable",
                "the server cannot reach its database; try again in a moment",
            );
            tracing::warn!(error.id = %this.id, error.cause = %error, "the database cannot be reached");
            return this;
        }
        match error
            .as_database_error()
            .and_then(|database| database.code())
            .as_deref()
        {
            // Serialisation failure, deadlock: another request won.
            Some("40001" | "40P01") => {
                ApiError::busy("try_again", "another request changed the same rows; try again")
            }
            // Texts hold every character but this one, which no name or cursor of ours has.
            Some("22021") => {
                ApiError::unprocessable("invalid", "a text in the request has a zero character (U+0000)")
            }
            _ => ApiError::internal(error),
        }
    }
}
