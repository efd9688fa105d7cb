//! What is tried again, and what must not be.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use beanpole_protocol::InstanceId;
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_refused_connection_goes_to_another_instance_and_the_dead_one_is_passed_over() {
    let a = Instance::named("a").await;
    let dead = target(InstanceId::random(), refusing().await);
    let edge = TestEdge::start(&Shop::new(vec![set("v1", 100, [dead.clone(), a.target()])])).await;
    let mut client = edge.client().await;
    for number in 0..10 {
        let answer = match number % 2 {
            0 => client.get("/").await,
            _ => client.send(post("/", "with a body")).await,
        };
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "a"));
    }
    let status = edge.status().await;
    let failures = status
        .targets
        .iter()
        .find(|one| one.instance == dead.instance)
        .unwrap()
        .failures;
    assert_eq!(failures, 1, "tried once, then avoided");
}

#[tokio::test]
async fn two_other_instances_are_tried_and_no_more() {
    let mut targets = Vec::new();
    for _ in 0..5 {
        targets.push(target(InstanceId::random(), refusing().await));
    }
    let edge = TestEdge::start(&Shop::new(vec![set("v1", 100, targets)])).await;
    let answer = edge.get("/").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-beanpole-edge-error")),
        (502, "connect_failed")
    );
    assert_eq!(
        answer.body,
        "The application's instance refused the connection.\n"
    );
    let failures: u64 = edge.status().await.targets.iter().map(|one| one.failures).sum();
    assert_eq!(failures, 3);
}

#[tokio::test]
async fn a_get_on_a_connection_that_was_closing_is_sent_again() {
    // Answers one request a connection and closes on the second one.
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let address = raw_server(move |_, mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            read_head(&mut stream).await;
            counted.fetch_add(1, Ordering::SeqCst);
            stream.write_all(OK).await.unwrap();
            if !read_head(&mut stream).await.is_empty() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let edge = TestEdge::start(&Shop::at(address)).await;
    let mut client = edge.client().await;
    for _ in 0..5 {
        assert_eq!(client.get("/").await.body, "ok");
    }
    assert_eq!(
        requests.load(Ordering::SeqCst),
        9,
        "each but the first was sent twice"
    );
    assert_eq!(edge.status().await.targets[0].failures, 0);
}

#[tokio::test]
async fn a_post_is_never_sent_twice() {
    // Reads the whole request, then closes without an answer.
    let (address, requests) = counting_server(|mut stream| async move {
        let mut body = [0; 5];
        stream.read_exact(&mut body).await.unwrap();
    })
    .await;
    let targets = || [InstanceId::random(), InstanceId::random()].map(|id| target(id, address));
    let edge = TestEdge::start(&Shop::new(vec![set("v1", 100, targets())])).await;
    let answer = edge.client().await.send(post("/", "order")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-beanpole-edge-error")),
        (502, "no_answer")
    );
    assert_eq!(
        answer.body,
        "The application closed the connection without an answer.\n"
    );
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_request_that_brings_instances_down_meets_two_of_them_at_most() {
    let (address, requests) = counting_server(|_| async {}).await;
    let targets = [(); 4].map(|()| target(InstanceId::random(), address));
    let edge = TestEdge::start(&Shop::new(vec![set("v1", 100, targets)])).await;
    assert_eq!(edge.get("/").await.status, 502);
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn nothing_is_sent_again_once_a_byte_of_the_answer_came() {
    let (address, requests) = counting_server(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200").await.unwrap();
    })
    .await;
    let targets = [(); 3].map(|()| target(InstanceId::random(), address));
    let edge = TestEdge::start(&Shop::new(vec![set("v1", 100, targets)])).await;
    assert_eq!(edge.get("/").await.status, 502);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_bad_answer() {
    let address = raw_server(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"SSH-2.0-nonsense\r\n\r\n").await.unwrap();
        let _ = stream.read_u8().await;
    })
    .await;
    let edge = TestEdge::start(&Shop::at(address)).await;
    let answer = edge.get("/").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-beanpole-edge-error")),
        (502, "bad_answer")
    );
}

#[tokio::test]
async fn an_instance_that_never_answers_times_out() {
    let address = raw_server(|_, mut stream| async move {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
    })
    .await;
    let shop = Shop::at(address);
    let edge = TestEdge::start_with(Some(&shop), &["--response-timeout", "1"]).await;
    let answer = edge.get("/").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-beanpole-edge-error")),
        (504, "response_timeout")
    );
    assert_eq!(answer.body, "The application did not answer in time.\n");
}

#[tokio::test]
async fn connections_to_instances_are_kept_and_reused() {
    let a = Instance::named("a").await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    for _ in 0..20 {
        edge.get("/").await;
    }
    assert_eq!((a.seen(), a.connections.load(Ordering::SeqCst)), (20, 1));
    eventually("idle connections are closed", async || {
        edge.edge.shared.registry.backends()[0].connections() == 0
    })
    .await;
}
