//! Whatever AWS's own signer signs is accepted, and refused once anything of it has changed.

use beanpole_wire::sigv4::{Form, errors};
use http::Request;
use proptest::prelude::*;

use crate::sign::{Manner, NOW, check, signed};

/// Paths as clients send them: percent-coded, with what makes normal forms differ.
fn path(service: &'static str) -> impl Strategy<Value = String> {
    let word = if service == "s3" {
        "[A-Za-z0-9._~-]{1,8}"
    } else {
        "[A-Za-z0-9._~!$'()*,;:@+-]{1,8}"
    };
    let segment = prop_oneof![
        4 => word.prop_map(|text| text),
        1 => Just("..".to_owned()),
        1 => Just(".".to_owned()),
        1 => Just(String::new()),
        1 => Just("a%20b%2Fc".to_owned()),
        1 => Just("%C3%BC%25".to_owned()),
    ];
    prop::collection::vec(segment, 0..6).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn query() -> impl Strategy<Value = String> {
    let part = "([A-Za-z0-9._~:/?@!$'()*,;+-]|%20|%26|%2B|%C3%9F|%E4%BA%AC){0,6}";
    prop::collection::vec((part, prop::option::of(part)), 0..6).prop_map(|pairs| {
        let coded = pairs.into_iter().map(|(name, value)| match value {
            Some(value) => format!("q{name}={value}"),
            None => format!("q{name}"),
        });
        coded.collect::<Vec<_>>().join("&")
    })
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(
        (
            "x-(amz-)?m[a-z0-9-]{0,8}",
            " {0,2}[!-~]{0,5} {0,3}[!-~]{0,5} {0,2}",
        ),
        0..5,
    )
    .prop_map(
        // AWS's signer joins nothing: a name is there once here, and twice in a case of its own.
        |pairs| {
            pairs
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>()
                .into_iter()
                .collect()
        },
    )
}

fn request(service: &'static str) -> impl Strategy<Value = Request<Vec<u8>>> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]);
    let body = prop::collection::vec(any::<u8>(), 0..200);
    (method, path(service), query(), headers(), body).prop_map(|(method, path, query, headers, body)| {
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://localhost:8080{path}{mark}{query}"));
        request = request.header("host", "localhost:8080");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(body).expect("a request")
    })
}

fn any_request() -> impl Strategy<Value = (&'static str, Request<Vec<u8>>)> {
    prop::sample::select(vec!["sqs", "sns", "s3"])
        .prop_flat_map(|service| request(service).prop_map(move |request| (service, request)))
}

proptest! {
    #[test]
    fn signed_headers_are_accepted((service, request) in any_request(), token in prop::option::of("[!-~]{1,40}")) {
        let manner = Manner { token: token.as_deref(), ..Manner::header(service) };
        let (parts, body) = signed(request, manner);
        let signature = check(&parts, &body, NOW).map_err(|error| TestCaseError::fail(format!("{error}: {parts:?}")))?;
        prop_assert_eq!(signature.session_token.as_deref(), manner.token);
        prop_assert_eq!(signature.form, Form::Header);
    }

    #[test]
    fn presigned_urls_are_accepted((service, request) in any_request(), seconds in 1_u32..=604_800, token in prop::option::of("[!-~]{1,40}")) {
        let manner = Manner { token: token.as_deref(), ..Manner::presigned(service, seconds.into()) };
        let (parts, body) = signed(request, manner);
        let last = NOW + i64::from(seconds);
        let signature = check(&parts, &body, last).map_err(|error| TestCaseError::fail(format!("{error}: {parts:?}")))?;
        prop_assert_eq!(signature.session_token.as_deref(), manner.token);
        prop_assert_eq!(signature.form, Form::Presigned { expires: seconds });
        prop_assert!(check(&parts, &body, last + 1).is_err());
    }

    #[test]
    fn another_body_is_refused((service, request) in any_request(), extra in any::<u8>()) {
        let (parts, mut body) = signed(request, Manner::header(service));
        body.push(extra);
        let kind = check(&parts, &body, NOW).expect_err("another body").kind;
        prop_assert_eq!(kind, if service == "s3" { errors::PAYLOAD_MISMATCH } else { errors::MISMATCH });
    }

    #[test]
    fn another_url_is_refused((service, request) in any_request(), presigned in any::<bool>()) {
        let manner = if presigned { Manner::presigned(service, 60) } else { Manner::header(service) };
        let (mut parts, body) = signed(request, manner);
        let mark = if parts.uri.query().is_none() { '?' } else { '&' };
        parts.uri = format!("{}{mark}added=1", parts.uri).parse().expect("a URL");
        prop_assert_eq!(check(&parts, &body, NOW).expect_err("another URL").kind, errors::MISMATCH);
    }
}
