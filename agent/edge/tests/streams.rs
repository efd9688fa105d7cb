//! Bodies in both directions, long answers, trailers, upgrades, HTTP/2.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as _, Frame};
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// A body that is fed by hand.
fn fed() -> (mpsc::Sender<Frame<Bytes>>, Body) {
    let (feed, frames) = mpsc::channel(1);
    let frames = futures_util::stream::unfold(frames, |mut frames| async move {
        frames.recv().await.map(|frame| (Ok(frame), frames))
    });
    (feed, BodyExt::boxed(StreamBody::new(frames)))
}

#[tokio::test]
async fn an_event_stream_arrives_piece_by_piece() {
    let (sender, mut bodies) = mpsc::channel(1);
    let a = Instance::start(move |_| {
        let sender = sender.clone();
        async move {
            let (feed, body) = fed();
            sender.send(feed).await.unwrap();
            Response::builder()
                .header("content-type", "text/event-stream")
                .body(body)
                .unwrap()
        }
    })
    .await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let mut client = edge.client().await;
    let mut response = client.try_send(get("/")).await.unwrap();
    let feed = bodies.recv().await.unwrap();
    for number in 0..5 {
        let event = format!("data: {number}\n\n");
        feed.send(Frame::data(event.clone().into())).await.unwrap();
        let frame = within("an event", response.body_mut().frame())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(frame.into_data().unwrap(), event);
    }
    assert_eq!(edge.in_flight(&a).await, Some(1));
    drop(feed);
    assert!(within("the end", response.body_mut().frame()).await.is_none());
    eventually("closed", async || edge.in_flight(&a).await == Some(0)).await;
}

#[tokio::test]
async fn a_request_body_is_answered_while_it_is_still_sent() {
    let a = Instance::start(|request| async move { Response::new(request.into_body().boxed()) }).await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let mut client = edge.client().await;
    let (feed, body) = fed();
    let request = Request::builder()
        .method("POST")
        .uri("/")
        .header("host", HOST)
        .body(body)
        .unwrap();
    let mut response = client.try_send(request).await.unwrap();
    for piece in ["one", "two", "three"] {
        feed.send(Frame::data(Bytes::from_static(piece.as_bytes())))
            .await
            .unwrap();
        let frame = within("the echo", response.body_mut().frame())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    drop(feed);
    assert!(within("the end", response.body_mut().frame()).await.is_none());
}

#[tokio::test]
async fn large_bodies_pass_whole_in_both_directions() {
    let a = Instance::start(|request| async move { Response::new(request.into_body().boxed()) }).await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let body: Vec<u8> = (0..8_000_000u32).map(|number| (number % 251) as u8).collect();
    let mut client = edge.client().await;
    for _ in 0..2 {
        let response = client.try_send(post("/", body.clone())).await.unwrap();
        assert!(response.into_body().collect().await.unwrap().to_bytes() == body);
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_the_instance_from_sending() {
    let sent = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let a = Instance::start(move |_| {
        let counted = Arc::clone(&counted);
        async move {
            let chunk = Bytes::from(vec![7; 64 * 1024]);
            let frames = futures_util::stream::repeat(chunk).take(1600).map(move |chunk| {
                counted.fetch_add(chunk.len() as u64, std::sync::atomic::Ordering::SeqCst);
                Ok(Frame::data(chunk))
            });
            Response::new(BodyExt::boxed(StreamBody::new(frames)))
        }
    })
    .await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let mut client = edge.client().await;
    let response = client.try_send(get("/")).await.unwrap();
    let seen = || sent.load(std::sync::atomic::Ordering::SeqCst);
    // Socket buffers fill, then nothing moves.
    let mut last = (0, 0);
    eventually("the flow stops", async || {
        tokio::time::sleep(Duration::from_millis(20)).await;
        last = if seen() == last.0 {
            (last.0, last.1 + 1)
        } else {
            (seen(), 0)
        };
        last.1 >= 10
    })
    .await;
    assert!(seen() < 60_000_000, "{} bytes were sent to nobody", seen());
    let all = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(all.len(), 1600 * 64 * 1024);
}

#[tokio::test]
async fn trailers_pass_in_both_directions() {
    let echo = Instance::echo().await;
    let edge = TestEdge::start(&Shop::of(&[&echo])).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("42"));
    let (feed, body) = fed();
    feed.send(Frame::data(Bytes::from_static(b"body"))).await.unwrap();
    let request = Request::builder()
        .method("POST")
        .uri("/")
        .header("host", HOST)
        .header("trailer", "x-sum")
        .body(body)
        .unwrap();
    let mut client = edge.client().await;
    let sending = tokio::spawn(async move { client.send(request).await });
    feed.send(Frame::trailers(trailers)).await.unwrap();
    drop(feed);
    let answer = sending.await.unwrap();
    assert!(
        answer.body.ends_with("\nbody\ntrailer x-sum: 42"),
        "{}",
        answer.body
    );

    let back = Instance::start(|_| async {
        let (feed, body) = fed();
        tokio::spawn(async move {
            feed.send(Frame::data(Bytes::from_static(b"body"))).await.unwrap();
            feed.send(Frame::trailers(HeaderMap::from_iter([(
                http::HeaderName::from_static("x-sum"),
                HeaderValue::from_static("43"),
            )])))
            .await
            .unwrap();
        });
        Response::builder().header("trailer", "x-sum").body(body).unwrap()
    })
    .await;
    let edge = TestEdge::start(&Shop::of(&[&back])).await;
    let mut request = get("/");
    request
        .headers_mut()
        .insert("te", HeaderValue::from_static("trailers"));
    let response = edge.client().await.try_send(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["x-sum"], "43");
}

#[tokio::test]
async fn head_answers_keep_their_length_and_bodiless_answers_keep_the_connection() {
    let a = Instance::start(|request| async move {
        match request.uri().path() {
            "/none" => Response::builder()
                .status(StatusCode::NO_CONTENT)
                .body(empty())
                .unwrap(),
            "/same" => Response::builder()
                .status(StatusCode::NOT_MODIFIED)
                .header("etag", "\"x\"")
                .body(empty())
                .unwrap(),
            _ => text("12345"),
        }
    })
    .await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let mut client = edge.client().await;
    let head = Request::builder()
        .method("HEAD")
        .uri("/")
        .header("host", HOST)
        .body(empty())
        .unwrap();
    let answer = client.send(head).await;
    assert_eq!((answer.header("content-length"), answer.body.as_str()), ("5", ""));
    assert_eq!(client.get("/none").await.status, 204);
    assert_eq!(client.get("/same").await.header("etag"), "\"x\"");
    assert_eq!(client.get("/").await.body, "12345");
    assert_eq!(a.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn expect_continue_is_answered_before_the_body_is_sent() {
    let echo = Instance::echo().await;
    let edge = TestEdge::start(&Shop::of(&[&echo])).await;
    let mut stream = TcpStream::connect(edge.address()).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(
        within("100", read_head(&mut stream)).await,
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    stream.write_all(b"body").await.unwrap();
    let mut answer = String::new();
    within("the answer", stream.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\nbody"),
        "{answer}"
    );
    assert!(!answer.contains("expect"), "{answer}");
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_passes_whole() {
    let address = raw_server(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream
            .write_all(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
            .await
            .unwrap();
    })
    .await;
    let edge = TestEdge::start(&Shop::at(address)).await;
    let mut client = edge.client().await;
    for _ in 0..2 {
        assert_eq!(client.get("/").await.body, "until the end");
    }
}

/// An instance that speaks an echo protocol after an upgrade, greeting first.
async fn upgrading() -> Instance {
    Instance::start(|mut request| async move {
        assert_eq!(request.headers()["upgrade"], "websocket");
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgrade.await.unwrap());
            stream.write_all(b"hello ").await.unwrap();
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                stream.write_all(&buffer[..count]).await.unwrap();
            }
        });
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-accept", "x")
            .body(empty())
            .unwrap()
    })
    .await
}

async fn open_tunnel(edge: &TestEdge) -> TcpStream {
    let mut stream = TcpStream::connect(edge.address()).await.unwrap();
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = within("101", read_head(&mut stream)).await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(
        answer.contains("upgrade: websocket") && answer.contains("sec-websocket-accept: x"),
        "{answer}"
    );
    let mut hello = [0; 6];
    within("hello", stream.read_exact(&mut hello)).await.unwrap();
    assert_eq!(&hello, b"hello ");
    stream
}

#[tokio::test]
async fn a_tunnel_passes_bytes_and_counts_as_open_until_it_closes() {
    let a = upgrading().await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let mut stream = open_tunnel(&edge).await;
    for message in ["ping", "pong"] {
        stream.write_all(message.as_bytes()).await.unwrap();
        let mut back = [0; 4];
        within("the echo", stream.read_exact(&mut back)).await.unwrap();
        assert_eq!(&back, message.as_bytes());
    }
    assert_eq!(edge.in_flight(&a).await, Some(1));
    drop(stream);
    eventually("closed", async || edge.in_flight(&a).await == Some(0)).await;
    assert_eq!(edge.status().await.targets[0].classes, [1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_tunnel_is_cut_when_the_deregistration_delay_has_passed() {
    let (a, b) = (upgrading().await, Instance::named("b").await);
    let shop = Shop::of(&[&a]).delay(1);
    let edge = TestEdge::start(&shop).await;
    let mut stream = open_tunnel(&edge).await;
    edge.put(&shop.with(vec![set("v1", 100, [a.draining(), b.target()])]))
        .await;
    stream.write_all(b"still").await.unwrap();
    let mut back = [0; 5];
    within("the echo", stream.read_exact(&mut back)).await.unwrap();
    let mut rest = Vec::new();
    let _ = within("the cut", stream.read_to_end(&mut rest)).await;
    eventually("closed", async || edge.in_flight(&a).await == Some(0)).await;
}

#[tokio::test]
async fn http2_without_tls_is_served_from_http1_instances() {
    let echo = Instance::echo().await;
    let edge = TestEdge::start(&Shop::of(&[&echo])).await;
    let stream = TcpStream::connect(edge.address()).await.unwrap();
    let (sender, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    let driver = tokio::spawn(driver);
    let requests = (0..20).map(|number| {
        let mut sender = sender.clone();
        async move {
            let request = Request::builder()
                .method("POST")
                .uri(format!("http://{HOST}/echo?n={number}"))
                .header("cookie", "a=1")
                .header("cookie", "b=2")
                .body(Full::new(Bytes::from(format!("body {number}"))))
                .unwrap();
            let response = within("an answer", sender.send_request(request)).await.unwrap();
            assert_eq!(
                (response.status(), response.version()),
                (StatusCode::OK, http::Version::HTTP_2)
            );
            assert!(!response.body().is_end_stream());
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(
                body.starts_with(&format!("POST /echo?n={number} HTTP/1.1\n")),
                "{body}"
            );
            assert!(
                body.contains("host: shop.test\n") && body.contains("cookie: a=1; b=2\n"),
                "{body}"
            );
            assert!(body.ends_with(&format!("\nbody {number}")), "{body}");
        }
    });
    futures_util::future::join_all(requests).await;
    drop(sender);
    within("the connection ends", driver).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_frees_its_instance() {
    let a = Instance::start(|_| async {
        let (feed, body) = fed();
        tokio::spawn(async move {
            feed.send(Frame::data(Bytes::from_static(b"first")))
                .await
                .unwrap();
            feed.closed().await;
        });
        Response::new(body)
    })
    .await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let mut client = edge.client().await;
    let mut response = client.try_send(get("/")).await.unwrap();
    within("the first piece", response.body_mut().frame())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(edge.in_flight(&a).await, Some(1));
    drop((response, client));
    eventually("freed", async || edge.in_flight(&a).await == Some(0)).await;
}
