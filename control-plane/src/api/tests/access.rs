//! Who may call what, over all routes of the document.

use beanpole_protocol::api::Role;
use reqwest::Method;

use super::{World, answer, document::operations};

/// What a viewer may do beside reading: to their own session, tokens and password.
const OWN: [&str; 5] = [
    "post /api/v1/session",
    "delete /api/v1/session",
    "post /api/v1/tokens",
    "delete /api/v1/tokens/{id}",
    "put /api/v1/users/{name}/password",
];

fn filled(path: &str) -> String {
    path.split('/')
        .map(|part| if part.starts_with('{') { "x" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test]
async fn every_route_but_the_open_ones_wants_a_credential() {
    let world = World::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (method, path, operation) in operations(&super::document::document()) {
        if operation.get("security").is_some() {
            continue;
        }
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let url = format!("{}{}", world.url, filled(&path));
        for request in [
            http.request(method.clone(), &url),
            http.request(method.clone(), &url).bearer_auth("bpt_x"),
        ] {
            let (status, problem) = answer(request).await;
            assert_eq!(status, 401, "{method} {path}: {problem}");
        }
    }
}

#[tokio::test]
async fn a_viewer_changes_nothing() {
    let world = World::start().await;
    let token = super::user_with_token(&world.app, "eve", Role::Viewer).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (method, path, _) in operations(&super::document::document()) {
        if method == "get" || OWN.contains(&format!("{method} {path}").as_str()) {
            continue;
        }
        let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let url = format!("{}{}", world.url, filled(&path));
        let (status, problem) = answer(http.request(verb, url).bearer_auth(&token)).await;
        // Asking hosts for log lines changes nothing.
        let asks = path.ends_with("/logs");
        assert!(status == 403 || asks, "{method} {path}: {status} {problem}");
    }
}
