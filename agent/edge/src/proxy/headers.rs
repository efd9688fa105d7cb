//! What an intermediary does to headers, both ways.
//!
//! Pure. Fields that concern one connection only are removed, those named in `Connection` among
//! them; the framing of a message is the sender's own business on each side, so
//! `Transfer-Encoding` never passes. (A request with both `Content-Length` and
//! `Transfer-Encoding` arrives here with its length already dropped: hyper reads it as chunked and
//! closes the client's connection after it, so no two parties can disagree about its end.)

use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Uri, Version};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// What the edge knows of the client's side of a request.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address, as text.
    pub address: HeaderValue,
    /// The port the client connected to, as text.
    pub port: HeaderValue,
    /// "http", and "https" once the edge speaks TLS.
    pub scheme: HeaderValue,
}

/// What kind of exchange a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// A request and its answer.
    Plain,
    /// A change of protocol on this connection, such as WebSocket.
    Upgrade,
}

/// What kind of exchange a request asks for, to be asked before [`to_instance`].
pub fn exchange(parts: &Parts) -> Exchange {
    let wanted = parts.version == Version::HTTP_11
        && parts
            .headers
            .get(UPGRADE)
            .is_some_and(|to| !to.as_bytes().eq_ignore_ascii_case(b"h2c"))
        && tokens(&parts.headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    if wanted {
        Exchange::Upgrade
    } else {
        Exchange::Plain
    }
}

/// Turns a client's request head into the one that an instance gets.
///
/// `authority` is the host the request is for; `has_body` says whether a body follows.
pub fn to_instance(
    parts: &mut Parts,
    authority: HeaderValue,
    origin: &Origin,
    exchange: Exchange,
    has_body: bool,
) {
    let trailers = parts.headers.contains_key(TE)
        && tokens(&parts.headers, &TE).any(|token| token.eq_ignore_ascii_case("trailers"));
    let upgrade = match exchange {
        Exchange::Upgrade => parts.headers.get(UPGRADE).cloned(),
        Exchange::Plain => None,
    };
    strip_hop_by_hop(&mut parts.headers);
    // The edge answered it itself, or will when the instance begins to read.
    parts.headers.remove(EXPECT);
    if let Some(to) = upgrade {
        parts.headers.insert(UPGRADE, to);
        parts
            .headers
            .insert(CONNECTION, HeaderValue::from_static("upgrade"));
    } else if trailers {
        parts.headers.insert(TE, HeaderValue::from_static("trailers"));
        parts.headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if has_body && !parts.headers.contains_key(CONTENT_LENGTH) {
        // Said outright, since for some methods a body without length is else taken for none.
        parts
            .headers
            .insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    if parts.version == Version::HTTP_2 {
        join_cookies(&mut parts.headers);
    }
    if parts.uri.authority().is_some() {
        let path = parts.uri.path_and_query().cloned();
        parts.uri = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        parts.headers.insert(HOST, authority.clone());
    }
    parts.version = Version::HTTP_11;
    forwarded(&mut parts.headers, authority, origin);
}

/// Turns an instance's answer head into the one that a client gets.
pub fn to_client(headers: &mut HeaderMap, exchange: Exchange) {
    let upgrade = match exchange {
        Exchange::Upgrade => headers.get(UPGRADE).cloned(),
        Exchange::Plain => None,
    };
    strip_hop_by_hop(headers);
    if let Some(to) = upgrade {
        headers.insert(UPGRADE, to);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

fn forwarded(headers: &mut HeaderMap, authority: HeaderValue, origin: &Origin) {
    let address = match headers.contains_key(&X_FORWARDED_FOR) {
        false => origin.address.clone(),
        true => {
            let mut list = Vec::with_capacity(64);
            for earlier in headers.get_all(&X_FORWARDED_FOR) {
                list.extend_from_slice(earlier.as_bytes());
                list.extend_from_slice(b", ");
            }
            list.extend_from_slice(origin.address.as_bytes());
            HeaderValue::from_bytes(&list).unwrap_or_else(|_| origin.address.clone())
        }
    };
    headers.insert(X_FORWARDED_FOR, address);
    headers.insert(X_FORWARDED_HOST, authority);
    headers.insert(X_FORWARDED_PORT, origin.port.clone());
    headers.insert(X_FORWARDED_PROTO, origin.scheme.clone());
    headers.insert(X_REAL_IP, origin.address.clone());
    // Nobody on the way has checked it.
    headers.remove(FORWARDED);
}

/// HTTP/2 may split cookies over several fields; HTTP/1.1 must not (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut cookies = headers.get_all(COOKIE).iter();
    if cookies.next().is_none() || cookies.next().is_none() {
        return;
    }
    let all: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
        headers.insert(COOKIE, joined);
    }
}

/// The comma-separated tokens of a field, without parameters.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|token| token.split(';').next().unwrap_or_default().trim())
        .filter(|token| !token.is_empty())
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    name == CONNECTION
        || name == TRANSFER_ENCODING
        || name == UPGRADE
        || name == TE
        || name == KEEP_ALIVE
        || name == PROXY_CONNECTION
        || name == PROXY_AUTHENTICATE
        || name == PROXY_AUTHORIZATION
        || name == HTTP2_SETTINGS
}

/// Fields that `Connection` may not remove: with them a message would mean another thing.
fn is_end_to_end(name: &HeaderName) -> bool {
    name == HOST
        || name == CONTENT_LENGTH
        || name == COOKIE
        || name == http::header::AUTHORIZATION
        || name == X_FORWARDED_FOR
        || name == X_FORWARDED_HOST
        || name == X_FORWARDED_PORT
        || name == X_FORWARDED_PROTO
        || name == X_REAL_IP
}

/// Whether `Connection` says no more than whether it stays open, as it mostly does.
fn only_persistence(headers: &HeaderMap) -> bool {
    headers.get_all(CONNECTION).iter().all(|value| {
        let value = value.as_bytes();
        value.eq_ignore_ascii_case(b"keep-alive") || value.eq_ignore_ascii_case(b"close")
    })
}

/// Removes the fields that `Connection` names.
fn strip_named(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = tokens(headers, &CONNECTION)
        .filter(|token| {
            !["keep-alive", "close", "upgrade"]
                .iter()
                .any(|known| token.eq_ignore_ascii_case(known))
        })
        .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
        .filter(|name| !is_end_to_end(name))
        .collect();
    for name in named {
        headers.remove(name);
    }
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    // The usual request has none, or `Connection: keep-alive` alone: one pass tells.
    let mut found = 0;
    for name in headers.keys() {
        found += usize::from(is_hop_by_hop(name));
    }
    if found == 0 {
        return;
    }
    if !only_persistence(headers) {
        strip_named(headers);
    }
    if headers.remove(CONNECTION).is_some() {
        found -= 1;
    }
    if found > 0 {
        for name in [
            TRANSFER_ENCODING,
            UPGRADE,
            TE,
            KEEP_ALIVE,
            PROXY_CONNECTION,
            PROXY_AUTHENTICATE,
            PROXY_AUTHORIZATION,
            HTTP2_SETTINGS,
        ] {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
