//! HTTP itself: unknown routes, bad bodies, limits, slow clients, stopping.

use std::time::Duration;

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{World, answer};

#[tokio::test]
async fn every_refusal_is_a_problem_with_an_id() {
    let world = World::start().await;
    let cases = [
        (
            world.request(Method::GET, "/api/v1/nothing"),
            404,
            "no_such_route",
        ),
        (
            world.request(Method::PATCH, "/api/v1/users"),
            405,
            "method_not_allowed",
        ),
        (world.request(Method::POST, "/api/v1/users"), 415, "not_json"),
        (
            world
                .request(Method::POST, "/api/v1/users")
                .body("{")
                .header("content-type", "application/json"),
            400,
            "bad_json",
        ),
        (
            world
                .request(Method::POST, "/api/v1/users")
                .json(&serde_json::json!({"name": 7})),
            422,
            "invalid",
        ),
        (
            world
                .request(Method::POST, "/api/v1/users")
                .json(&"x".repeat(3 << 20)),
            413,
            "body_too_large",
        ),
        (
            world.request(Method::GET, "/api/v1/users?limit=0"),
            422,
            "invalid",
        ),
        (
            world.request(Method::GET, "/api/v1/users?limit=x"),
            400,
            "bad_query",
        ),
        (
            world.request(Method::GET, "/api/v1/users?after=%00"),
            422,
            "invalid",
        ),
        (
            world.request(Method::DELETE, "/api/v1/tokens/e-1"),
            400,
            "bad_path",
        ),
        (
            world
                .request(Method::POST, "/api/v1/users")
                .header("idempotency-key", ""),
            400,
            "bad_idempotency_key",
        ),
    ];
    for (request, status, kind) in cases {
        let (got, problem) = answer(request).await;
        assert_eq!(
            (got.as_u16(), problem["kind"].as_str()),
            (status, Some(kind)),
            "{problem}"
        );
        assert_eq!(problem["status"], status);
        assert!(
            problem["id"].as_str().is_some_and(|id| id.len() == 16),
            "{problem}"
        );
        assert!(
            problem["message"].as_str().is_some_and(|text| text.len() > 10),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn health_and_the_document_need_no_credential() {
    let world = World::start().await;
    assert!(world.admin.with_token(None).is_ready().await);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (status, document) = answer(http.get(format!("{}/api/v1/openapi.json", world.url))).await;
    assert_eq!(status, 200);
    assert!(document["paths"]["/api/v1/session"].is_object());
}

#[tokio::test]
async fn people_get_the_console_and_programs_problems() {
    let world = World::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, kind) in [
        ("/login", "text/html"),
        ("/nothing", "text/html"),
        ("/api/v1/nothing", "application/problem+json"),
        ("/agent/v1/nothing", "application/problem+json"),
    ] {
        let response = http.get(format!("{}{path}", world.url)).send().await.unwrap();
        let got = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(got.starts_with(kind), "{path}: {got}");
    }
}

#[tokio::test]
async fn each_answer_has_a_request_id() {
    let world = World::start().await;
    let response = world.request(Method::GET, "/healthz").send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"].len(), 16);
    let response = world
        .request(Method::GET, "/healthz")
        .header("x-request-id", "mine")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-request-id"], "mine");
}

#[tokio::test]
async fn a_stop_ends_although_a_client_stays_connected() {
    let world = World::start().await;
    let address = world.url.strip_prefix("http://").unwrap().to_owned();
    let mut idle = TcpStream::connect(&address).await.unwrap();
    let mut half = TcpStream::connect(&address).await.unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(20), world.stop())
        .await
        .unwrap();
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), idle.read_to_end(&mut rest))
        .await
        .unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
}
