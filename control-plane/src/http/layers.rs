//! What surrounds every route: request ids, a span per request, hidden credentials, a bound on
//! bodies, compression, and a problem in place of a panic.

use std::{any::Any, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, response::IntoResponse};
use http::{HeaderName, HeaderValue, Request, Response, header};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
    trace::TraceLayer,
};
use tracing::Span;

use crate::ApiError;

/// Largest body of a route that does not set its own bound, bytes.
pub const BODY_LIMIT: usize = 2 * 1024 * 1024;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone, Copy)]
struct RandomId;

impl MakeRequestId for RandomId {
    fn make_request_id<B>(&mut self, _request: &Request<B>) -> Option<RequestId> {
        let text = hex::encode(rand::random::<[u8; 8]>());
        HeaderValue::from_str(&text).ok().map(RequestId::new)
    }
}

/// Puts the layers around `router`. Only JSON and text are compressed, never event streams.
pub fn around(router: Router) -> Router {
    let layers = ServiceBuilder::new()
        .layer(SetSensitiveRequestHeadersLayer::new([
            header::AUTHORIZATION,
            header::COOKIE,
        ]))
        .layer(SetRequestIdLayer::new(REQUEST_ID.clone(), RandomId))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(answered)
                .on_failure(()),
        )
        .layer(PropagateRequestIdLayer::new(REQUEST_ID.clone()))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    router.layer(layers)
}

fn span<B>(request: &Request<B>) -> Span {
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    // The query is left out: sign-in links carry their code there.
    tracing::info_span!("request", request.id = id, method = %request.method(), path = request.uri().path())
}

fn answered<B>(response: &Response<B>, took: Duration, _span: &Span) {
    tracing::debug!(
        status = response.status().as_u16(),
        duration_ms = took.as_millis() as u64,
        "answered"
    );
}

fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response<axum::body::Body> {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    ApiError::internal(format!("panic: {text}")).into_response()
}
