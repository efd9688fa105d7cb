//! What the edge says in its own name: a status, one clear sentence, and the kind of the trouble
//! in the header `x-beanpole-edge-error`, by which tests and people tell it from an
//! application's answer.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use super::body::ResponseBody;
use super::host::HostError;
use crate::client::state::OpenRequest;

/// Names the kind of an answer that came from the edge itself.
pub const ERROR_HEADER: HeaderName = HeaderName::from_static("x-beanpole-edge-error");

/// Why the edge answers instead of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    BadHost(HostError),
    UnknownHost(String),
    TunnelMethod,
    /// The environment's name.
    NoInstance(String),
    NotConnected {
        timed_out: bool,
    },
    NoAnswer,
    BadAnswer,
    ResponseTimeout,
    Drained,
    ClientBody,
}

/// All kinds, in the order of the counters.
pub const KINDS: [&str; 11] = [
    "bad_host",
    "unknown_host",
    "tunnel_method",
    "no_instance",
    "connect_failed",
    "connect_timeout",
    "no_answer",
    "bad_answer",
    "response_timeout",
    "drained",
    "client_body",
];

impl Trouble {
    fn number(&self) -> usize {
        match self {
            Self::BadHost(_) => 0,
            Self::UnknownHost(_) => 1,
            Self::TunnelMethod => 2,
            Self::NoInstance(_) => 3,
            Self::NotConnected { timed_out: false } => 4,
            Self::NotConnected { timed_out: true } => 5,
            Self::NoAnswer => 6,
            Self::BadAnswer => 7,
            Self::ResponseTimeout => 8,
            Self::Drained => 9,
            Self::ClientBody => 10,
        }
    }

    /// The value of the error header and the label of the counter.
    pub fn kind(&self) -> &'static str {
        KINDS[self.number()]
    }

    /// Where the counter of this kind is in a list of all.
    pub fn index(&self) -> usize {
        self.number()
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadHost(_) | Self::ClientBody => StatusCode::BAD_REQUEST,
            Self::UnknownHost(_) => StatusCode::NOT_FOUND,
            Self::TunnelMethod => StatusCode::NOT_IMPLEMENTED,
            Self::NoInstance(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotConnected { timed_out: true } | Self::ResponseTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::NotConnected { .. } | Self::NoAnswer | Self::BadAnswer | Self::Drained => {
                StatusCode::BAD_GATEWAY
            }
        }
    }

    /// One sentence for whoever sees it.
    pub fn sentence(&self) -> Cow<'static, str> {
        match self {
            Self::BadHost(why) => format!("This request cannot be routed: {why}.").into(),
            Self::UnknownHost(host) => format!("No environment answers for the host name {host:?}.").into(),
            Self::TunnelMethod => "This server is no forward proxy: CONNECT is not supported.".into(),
            Self::NoInstance(environment) => {
                format!("The environment {environment} has no instance in service right now.").into()
            }
            Self::NotConnected { timed_out: false } => {
                "The application's instance refused the connection.".into()
            }
            Self::NotConnected { timed_out: true } => {
                "The application's instance did not accept the connection in time.".into()
            }
            Self::NoAnswer => "The application closed the connection without an answer.".into(),
            Self::BadAnswer => "The application's answer was not valid HTTP.".into(),
            Self::ResponseTimeout => "The application did not answer in time.".into(),
            Self::Drained => {
                "The instance that worked on this request left service before it was done.".into()
            }
            Self::ClientBody => "The request's body broke off.".into(),
        }
    }

    /// The answer: HTML for browsers, plain text for all others.
    pub fn answer(&self, accepts_html: bool, open: OpenRequest) -> Response<ResponseBody> {
        let status = self.status();
        let sentence = self.sentence();
        let (kind, text) = if accepts_html {
            ("text/html; charset=utf-8", page(status, &sentence))
        } else {
            ("text/plain; charset=utf-8", format!("{sentence}\n"))
        };
        let mut response = Response::new(ResponseBody::Own(Some(Bytes::from(text)), open));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(ERROR_HEADER, HeaderValue::from_static(self.kind()));
        response
    }
}

/// Whether a client would rather have HTML.
pub fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .is_some_and(|accept| accept.as_bytes().windows(9).any(|part| part == b"text/html"))
}

fn page(status: StatusCode, sentence: &str) -> String {
    let sentence = sentence
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let (code, reason) = (status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{code} {reason}</title>\n\
         <body style=\"font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em\">\n\
         <h1>{code} {reason}</h1>\n<p>{sentence}</p>\n</body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_a_host_name_as_text_only() {
        let trouble = Trouble::UnknownHost("<script>".into());
        let page = page(trouble.status(), &trouble.sentence());
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
    }

    #[test]
    fn every_kind_has_its_own_name() {
        let mut names = KINDS.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
        assert_eq!(Trouble::ClientBody.kind(), "client_body");
        assert_eq!(Trouble::Drained.kind(), "drained");
    }
}
