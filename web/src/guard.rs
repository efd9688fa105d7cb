//! What every answer says to the browser, and which requests are not taken at all.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use tower_http::{
    csrf::{CsrfLayer, ProtectionError},
    set_header::SetResponseHeaderLayer,
};

use crate::failure::Failure;

/// Only our own files run or load; nobody frames us; forms go nowhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

type Header = SetResponseHeaderLayer<HeaderValue>;

fn always(name: http::HeaderName, value: &'static str) -> Header {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

pub fn content_security_policy() -> Header {
    always(header::CONTENT_SECURITY_POLICY, POLICY)
}

pub fn no_sniffing() -> Header {
    always(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// Not `no-referrer`: with that, browsers send no usable `Origin` with forms.
pub fn referrer_policy() -> Header {
    always(header::REFERRER_POLICY, "same-origin")
}

pub fn own_window() -> Header {
    always(
        http::HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    )
}

/// Pages show what only the signed-in person may see. Files under `/static` say otherwise themselves.
pub fn not_cached() -> Header {
    SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// Refuses writes that another site makes a browser send.
pub fn cross_site_requests() -> CsrfLayer<fn(ProtectionError) -> Response> {
    CsrfLayer::new().with_rejection_response(|_| Failure::CrossSite.into_response())
}
