//! `Json`, `Path` and `Query` as axum has them, but a rejection is a problem that names the field.

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{BytesRejection, PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};

use crate::ApiError;

/// A JSON body, of a request or of an answer.
pub struct Json<T>(pub T);

/// Variables of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

/// The query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(is_json);
        if !json {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "the body must be JSON, sent with \"Content-Type: application/json\"",
            ));
        }
        let bytes = Bytes::from_request(request, state).await?;
        parse(&bytes).map(Self)
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data if path != "." => {
                ApiError::invalid(path.clone(), format!("the field {path} does not fit: {inner}"))
            }
            serde_json::error::Category::Data => {
                ApiError::unprocessable("invalid", format!("the body does not fit: {inner}"))
            }
            _ => ApiError::bad_request("bad_json", format!("the body is not JSON: {inner}")),
        }
    })?;
    deserializer
        .end()
        .map_err(|error| ApiError::bad_request("bad_json", format!("the body is not JSON: {error}")))?;
    Ok(value)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(
                "body_too_large",
                "the body is larger than this route takes (2 MiB)",
            ),
            _ => ApiError::bad_request("body_cut_off", "the body ended before it was whole"),
        }
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        match rejection.status() {
            StatusCode::BAD_REQUEST => ApiError::bad_request("bad_path", rejection.body_text()),
            _ => ApiError::internal(rejection),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        ApiError::bad_request("bad_query", rejection.body_text())
    }
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::api::CreateApplication;

    use super::*;

    #[test]
    fn a_body_that_does_not_fit_is_answered_with_the_field() {
        let error = parse::<CreateApplication>(br#"{"name": 7}"#).err().unwrap();
        assert_eq!((error.kind, error.field.as_deref()), ("invalid", Some("name")));
        let error = parse::<CreateApplication>(br#"{"name": "a", "nam": 1}"#)
            .err()
            .unwrap();
        assert_eq!(error.kind, "invalid");
        assert!(error.message.contains("nam"), "{}", error.message);
        let error = parse::<CreateApplication>(br#"{"name": "a"} x"#).err().unwrap();
        assert_eq!(error.kind, "bad_json");
    }
}
