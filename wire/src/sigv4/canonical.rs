//! The canonical request: the request's parts in the one form that is signed. It is only ever hashed, so
//! it is never put together in memory.

use http::request::Parts;
use sha2::{Digest, Sha256};

use super::Mac;
use super::encode::{canonical_path, canonical_query};
use super::errors::Scope;

/// The hash of a request's canonical form. `payload` is the payload's hash in hex, or what stands for it.
pub(super) fn hash(request: &Parts, signed_headers: &[String], payload: &str, scope: Scope) -> Mac {
    let mut out = Sha256::new();
    line(&mut out, request.method.as_str().as_bytes());
    line(&mut out, canonical_path(request.uri.path(), scope).as_bytes());
    line(
        &mut out,
        canonical_query(request.uri.query().unwrap_or("")).as_bytes(),
    );
    for name in signed_headers {
        out.update(name.as_bytes());
        out.update(b":");
        values(&mut out, request, name);
        out.update(b"\n");
    }
    out.update(b"\n");
    for (at, name) in signed_headers.iter().enumerate() {
        out.update(if at == 0 { "" } else { ";" });
        out.update(name.as_bytes());
    }
    out.update(b"\n");
    out.update(payload.as_bytes());
    out.finalize().into()
}

fn line(out: &mut Sha256, text: &[u8]) {
    out.update(text);
    out.update(b"\n");
}

/// All values of a header, divided by commas.
fn values(out: &mut Sha256, request: &Parts, name: &str) {
    let mut first = true;
    for value in request.headers.get_all(name) {
        if !first {
            out.update(b",");
        }
        first = false;
        value_of(out, value.as_bytes());
    }
    // HTTP/2 tells the host as `:authority`, which becomes a part of the URL.
    if first
        && name == "host"
        && let Some(authority) = request.uri.authority()
    {
        value_of(out, authority.as_str().as_bytes());
    }
}

/// A value without spaces around it, and with one where there are several.
fn value_of(out: &mut Sha256, value: &[u8]) {
    let words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.update(b" ");
        }
        out.update(word);
    }
}
