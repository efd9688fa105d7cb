//! Which host a request is for, and how host names are compared.
//!
//! Pure. Names are compared in lower case, without port and without the root's trailing dot.

use std::borrow::Cow;

use http::HeaderValue;
use http::header::HOST;
use http::request::Parts;

/// The request does not say which host it is for.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum HostError {
    #[error("the request has no Host header")]
    Missing,
    #[error("the request has more than one Host header")]
    Several,
    #[error("the Host header is not a host name")]
    Malformed,
}

/// The authority a request is for, as the client wrote it: the request target's when it has one
/// (HTTP/2, absolute form), else the Host header's.
pub fn authority(parts: &Parts) -> Result<HeaderValue, HostError> {
    if let Some(authority) = parts.uri.authority() {
        // What stands before an "@" is a credential, not part of the name.
        let text = authority.as_str();
        let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
        return HeaderValue::from_str(host).map_err(|_| HostError::Malformed);
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => Ok(host.clone()),
        (Some(_), Some(_)) => Err(HostError::Several),
        (None, _) => Err(HostError::Missing),
    }
}

/// The name in an authority: lower case, no port, no trailing dot.
pub fn name(authority: &HeaderValue) -> Result<Cow<'_, str>, HostError> {
    let bytes = authority.as_bytes();
    // One pass: where the name ends, and whether it must be rewritten.
    let bracketed = bytes.first() == Some(&b'[');
    let (mut end, mut upper) = (bytes.len(), false);
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {}
            b'A'..=b'Z' => upper = true,
            b'[' if index == 0 => {}
            b':' if bracketed => {}
            b']' if bracketed => {
                end = index + 1;
                break;
            }
            b':' => {
                end = index;
                break;
            }
            _ => return Err(HostError::Malformed),
        }
    }
    let (host, rest) = bytes.split_at(end);
    if bracketed && host.last() != Some(&b']') {
        return Err(HostError::Malformed);
    }
    match rest {
        [] => {}
        [b':', port @ ..] if port.iter().all(u8::is_ascii_digit) => {}
        _ => return Err(HostError::Malformed),
    }
    let host =
        std::str::from_utf8(host.strip_suffix(b".").unwrap_or(host)).map_err(|_| HostError::Malformed)?;
    if host.is_empty() || host.len() > 253 {
        return Err(HostError::Malformed);
    }
    Ok(if upper {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, hosts: &[&str]) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn names_are_compared_without_port_case_and_trailing_dot() {
        for (given, wanted) in [
            ("shop.example", Ok("shop.example")),
            ("Shop.Example:8080", Ok("shop.example")),
            ("shop.example.", Ok("shop.example")),
            ("shop.example.:80", Ok("shop.example")),
            ("127.0.0.1:8080", Ok("127.0.0.1")),
            ("[::1]:8080", Ok("[::1]")),
            ("[::1]", Ok("[::1]")),
            ("", Err(HostError::Malformed)),
            (".", Err(HostError::Malformed)),
            (":80", Err(HostError::Malformed)),
            ("[::1", Err(HostError::Malformed)),
            ("[::1]x", Err(HostError::Malformed)),
            ("[::1]:x", Err(HostError::Malformed)),
            ("a[b]", Err(HostError::Malformed)),
            ("a:b:80", Err(HostError::Malformed)),
            ("shop.example:http", Err(HostError::Malformed)),
            ("a b", Err(HostError::Malformed)),
            ("a/b", Err(HostError::Malformed)),
            ("a@b", Err(HostError::Malformed)),
        ] {
            let value = HeaderValue::from_str(given).unwrap();
            assert_eq!(name(&value).as_deref(), wanted.as_ref().copied(), "{given:?}");
        }
    }

    #[test]
    fn the_target_decides_over_the_header() {
        let authority_of = |uri: &str, hosts: &[&str]| authority(&parts(uri, hosts));
        assert_eq!(authority_of("/", &["a"]).unwrap(), "a");
        assert_eq!(authority_of("http://b:81/x", &["a"]).unwrap(), "b:81");
        assert_eq!(authority_of("http://u:p@b/x", &[]).unwrap(), "b");
        assert_eq!(authority_of("/", &[]), Err(HostError::Missing));
        assert_eq!(authority_of("/", &["a", "b"]), Err(HostError::Several));
    }
}
