//! What reaches an instance and what does not: headers, smuggling, limits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::time::Instant;

use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn an_instance_sees_the_client_and_no_headers_of_the_hop() {
    let echo = Instance::echo().await;
    let edge = TestEdge::start(&Shop::of(&[&echo])).await;
    let port = edge.address().port();
    let seen = edge
        .raw(
            format!(
                "GET /a%20b?c=d HTTP/1.1\r\nHost: shop.test:{port}\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\
                 Keep-Alive: 5\r\nProxy-Connection: close\r\nX-Forwarded-For: 198.51.100.7\r\n\
                 X-Forwarded-Proto: https\r\nX-Real-IP: 198.51.100.7\r\nForwarded: for=198.51.100.7\r\n\
                 X-Kept: yes\r\n\r\n"
            )
            .as_bytes(),
        )
        .await;
    let body = seen.split_once("\r\n\r\n").unwrap().1;
    let mut lines: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    let host = format!("host: shop.test:{port}");
    let (forwarded_host, forwarded_port) = (
        format!("x-forwarded-host: shop.test:{port}"),
        format!("x-forwarded-port: {port}"),
    );
    assert_eq!(
        lines,
        [
            "GET /a%20b?c=d HTTP/1.1",
            host.as_str(),
            "x-forwarded-for: 198.51.100.7, 127.0.0.1",
            &forwarded_host,
            &forwarded_port,
            "x-forwarded-proto: http",
            "x-kept: yes",
            "x-real-ip: 127.0.0.1",
        ]
    );
}

#[tokio::test]
async fn a_client_sees_no_headers_of_the_instances_hop() {
    let a = Instance::start(|_| async {
        let mut response = text("a");
        for (name, value) in [
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("x-kept", "1"),
        ] {
            response.headers_mut().append(name, value.parse().unwrap());
        }
        response
    })
    .await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let answer = edge.get("/").await;
    assert_eq!(answer.header("x-kept"), "1");
    for name in ["connection", "x-hop", "keep-alive"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
}

/// Both ways of saying where a body ends: the instance must see one, and what one party might take
/// for a second request must never be one.
#[tokio::test]
async fn conflicting_lengths_smuggle_no_request() {
    let echo = Instance::echo().await;
    let edge = TestEdge::start(&Shop::of(&[&echo])).await;
    let smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: shop.test\r\n\r\n";
    for order in [
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n",
            smuggled.len()
        ),
        format!(
            "Transfer-Encoding: chunked\r\nContent-Length: {}\r\n",
            smuggled.len()
        ),
    ] {
        let before = echo.seen();
        let answer = edge
            .raw(format!("POST / HTTP/1.1\r\nHost: shop.test\r\n{order}\r\n{smuggled}").as_bytes())
            .await;
        assert!(
            !answer.contains("smuggled") && !answer.contains("content-length: 5"),
            "{answer}"
        );
        assert!(
            answer.matches("HTTP/1.1 ").count() <= 2,
            "one answer, and the echo's first line: {answer}"
        );
        assert!(echo.seen() <= before + 1);
    }
    for bad in [
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Content-Length: +4\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Content-Length : 4\r\n",
    ] {
        let before = echo.seen();
        let answer = edge
            .raw(format!("POST / HTTP/1.1\r\nHost: shop.test\r\n{bad}\r\nbody").as_bytes())
            .await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{bad}: {answer}");
        assert_eq!(echo.seen(), before, "{bad}");
    }
}

#[tokio::test]
async fn requests_that_name_no_host_or_several_are_refused() {
    let echo = Instance::echo().await;
    let edge = TestEdge::start(&Shop::of(&[&echo])).await;
    for (head, sentence) in [
        ("GET / HTTP/1.1\r\n", "the request has no Host header"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
            "the request has more than one Host header",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a b\r\n",
            "the Host header is not a host name",
        ),
    ] {
        let answer = edge
            .raw(format!("{head}Connection: close\r\n\r\n").as_bytes())
            .await;
        assert!(
            answer.starts_with("HTTP/1.1 400") && answer.contains(sentence),
            "{head}: {answer}"
        );
        assert!(answer.contains("x-beanpole-edge-error: bad_host"), "{answer}");
    }
    let connect = edge
        .raw(b"CONNECT shop.test:80 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n")
        .await;
    assert!(connect.starts_with("HTTP/1.1 501"), "{connect}");
    assert_eq!(echo.seen(), 0);
}

#[tokio::test]
async fn a_huge_head_is_refused_and_a_large_one_passes() {
    let echo = Instance::echo().await;
    let edge = TestEdge::start(&Shop::of(&[&echo])).await;
    let with = |size: usize| {
        format!(
            "GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nX-Large: {}\r\n\r\n",
            "x".repeat(size)
        )
    };
    assert!(
        edge.raw(with(30_000).as_bytes())
            .await
            .starts_with("HTTP/1.1 200")
    );
    let mut stream = TcpStream::connect(edge.address()).await.unwrap();
    // The edge may stop reading before all is sent.
    let _ = stream.write_all(with(80_000).as_bytes()).await;
    let head = within("431", read_head(&mut stream)).await;
    assert!(head.starts_with("HTTP/1.1 431"), "{head}");
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    let answer = edge
        .raw(format!("GET / HTTP/1.1\r\nHost: shop.test\r\n{many}\r\n").as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_slow_head_and_an_idle_connection_are_closed_and_a_slow_answer_is_not() {
    let a = Instance::start(|_| async {
        tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
        text("slow")
    })
    .await;
    let shop = Shop::of(&[&a]);
    let edge = TestEdge::start_with(Some(&shop), &["--header-timeout", "1", "--idle-timeout", "1"]).await;
    let mut client = edge.client().await;
    let answered = async {
        let answer = client.get("/").await;
        assert_eq!(answer.body, "slow");
        eventually("the idle connection is closed", async || client.is_closed()).await;
    };
    let half = async {
        let since = Instant::now();
        let mut stream = TcpStream::connect(edge.address()).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: sh").await.unwrap();
        let mut rest = Vec::new();
        let _ = within("the close", stream.read_to_end(&mut rest)).await;
        assert!(rest.is_empty() && since.elapsed().as_secs() < 4);
    };
    tokio::join!(answered, half);
}
