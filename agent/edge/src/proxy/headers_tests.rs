//! Which header fields pass, which are added and which removed, both ways.

use http::Request;
use proptest::prelude::*;

use super::*;

fn origin() -> Origin {
    Origin {
        address: HeaderValue::from_static("203.0.113.9"),
        port: HeaderValue::from_static("8080"),
        scheme: HeaderValue::from_static("http"),
    }
}

fn parts(uri: &str, version: Version, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().uri(uri).version(version);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// The headers that an instance gets, as sorted `name: value` lines, forwarded ones left out.
fn passed(mut parts: Parts, has_body: bool) -> Vec<String> {
    let exchange = exchange(&parts);
    to_instance(
        &mut parts,
        HeaderValue::from_static("shop.test"),
        &origin(),
        exchange,
        has_body,
    );
    assert_eq!(parts.version, Version::HTTP_11);
    let mut lines: Vec<String> = parts
        .headers
        .iter()
        .filter(|(name, _)| !name.as_str().starts_with("x-forwarded-") && name.as_str() != "x-real-ip")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

#[test]
fn fields_of_one_connection_do_not_pass() {
    let request = parts(
        "/",
        Version::HTTP_11,
        &[
            ("host", "shop.test"),
            ("connection", "keep-alive, X-Secret"),
            ("connection", "x-other, host, authorization"),
            ("x-secret", "1"),
            ("x-other", "2"),
            ("x-kept", "3"),
            ("authorization", "Bearer t"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic x"),
            ("te", "gzip"),
            ("expect", "100-continue"),
            ("upgrade", "websocket"),
        ],
    );
    assert_eq!(
        passed(request, false),
        ["authorization: Bearer t", "host: shop.test", "x-kept: 3"]
    );
}

#[test]
fn a_body_without_length_is_chunked_and_one_with_length_is_not() {
    let chunked = [("host", "a"), ("transfer-encoding", "gzip, chunked")];
    assert_eq!(
        passed(parts("/", Version::HTTP_11, &chunked), true),
        ["host: a", "transfer-encoding: chunked"]
    );
    assert_eq!(passed(parts("/", Version::HTTP_11, &chunked), false), ["host: a"]);
    let length = [("host", "a"), ("content-length", "5")];
    assert_eq!(
        passed(parts("/", Version::HTTP_11, &length), true),
        ["content-length: 5", "host: a"]
    );
}

#[test]
fn te_trailers_passes_as_its_own_hop() {
    let request = parts(
        "/",
        Version::HTTP_11,
        &[("host", "a"), ("te", "gzip;q=0.5, trailers")],
    );
    assert_eq!(
        passed(request, false),
        ["connection: te", "host: a", "te: trailers"]
    );
}

#[test]
fn upgrades_pass_and_h2c_does_not() {
    let ask = |to: &str, connection: &str| {
        parts(
            "/",
            Version::HTTP_11,
            &[("host", "a"), ("upgrade", to), ("connection", connection)],
        )
    };
    assert_eq!(
        exchange(&ask("websocket", "keep-alive, Upgrade")),
        Exchange::Upgrade
    );
    assert_eq!(exchange(&ask("websocket", "keep-alive")), Exchange::Plain);
    assert_eq!(exchange(&ask("h2c", "upgrade, http2-settings")), Exchange::Plain);
    assert_eq!(
        passed(ask("websocket", "Upgrade"), false),
        ["connection: upgrade", "host: a", "upgrade: websocket"]
    );
    assert_eq!(passed(ask("h2c", "upgrade"), false), ["host: a"]);
}

#[test]
fn http2_requests_become_http1_requests() {
    let mut request = parts(
        "http://shop.test/a?b=c",
        Version::HTTP_2,
        &[("cookie", "a=1"), ("cookie", "b=2")],
    );
    to_instance(
        &mut request,
        HeaderValue::from_static("shop.test"),
        &origin(),
        Exchange::Plain,
        false,
    );
    assert_eq!(request.uri, "/a?b=c");
    assert_eq!(request.headers["host"], "shop.test");
    assert_eq!(
        request.headers.get_all("cookie").iter().collect::<Vec<_>>(),
        ["a=1; b=2"]
    );
}

#[test]
fn forwarded_headers_append_the_client_and_replace_the_rest() {
    let mut request = parts(
        "/",
        Version::HTTP_11,
        &[
            ("host", "shop.test"),
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "198.51.100.2"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.test"),
            ("x-forwarded-port", "1"),
            ("x-real-ip", "198.51.100.1"),
            ("forwarded", "for=198.51.100.1"),
        ],
    );
    to_instance(
        &mut request,
        HeaderValue::from_static("shop.test"),
        &origin(),
        Exchange::Plain,
        false,
    );
    let header = |name: &str| request.headers.get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(
        header("x-forwarded-for"),
        ["198.51.100.1, 198.51.100.2, 203.0.113.9"]
    );
    assert_eq!(header("x-forwarded-proto"), ["http"]);
    assert_eq!(header("x-forwarded-host"), ["shop.test"]);
    assert_eq!(header("x-forwarded-port"), ["8080"]);
    assert_eq!(header("x-real-ip"), ["203.0.113.9"]);
    assert!(header("forwarded").is_empty());
}

proptest! {
    #[test]
    fn no_named_or_hop_by_hop_field_ever_passes(
        names in prop::collection::vec("[a-z]{3,12}", 0..5),
        connection in "[a-z, ;=-]{0,40}",
    ) {
        let mut request = Request::builder().uri("/").header("host", "a").header("connection", &connection);
        for name in &names {
            request = request.header(format!("x-{name}"), "1");
            request = request.header("connection", format!("x-{name}"));
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        to_instance(&mut parts, HeaderValue::from_static("a"), &origin(), Exchange::Plain, false);
        for name in names {
            let name = format!("x-{name}");
            prop_assert!(!parts.headers.contains_key(&name), "{name}");
        }
        prop_assert!(!parts.headers.keys().any(is_hop_by_hop));
        prop_assert_eq!(&parts.headers["host"], "a");
    }
}
