//! The event stream: rows for htmx, resumed where the browser was, never a line more than meant.

use std::time::Duration;

use futures_util::StreamExt;

use crate::{fake_api::World, site::Site};

/// Reads the stream until `enough` of what has come.
async fn read_until(response: reqwest::Response, enough: impl Fn(&str) -> bool) -> String {
    let mut body = response.bytes_stream();
    let mut text = String::new();
    tokio::time::timeout(Duration::from_secs(10), async {
        while !enough(&text) {
            let piece = body.next().await.expect("the stream goes on").unwrap();
            text.push_str(&String::from_utf8_lossy(&piece));
        }
    })
    .await
    .unwrap_or_else(|_| panic!("not in time: {text}"));
    text
}

#[tokio::test]
async fn events_come_as_rows_and_as_a_signal_to_refresh() {
    let site = Site::start(World::friendly()).await;
    let response = site
        .request(
            "GET",
            "viewer",
            "/environments/storefront-prod/events/stream?after=106",
        )
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers().get("content-type").unwrap(),
        "text/event-stream"
    );
    let text = read_until(response, |text| text.matches("event: changed").count() == 2).await;
    assert!(text.contains("id: 107\ndata: <tr id=\"event-107\">"), "{text}");
    assert!(text.contains("id: 107\nevent: changed\ndata: 107\n"), "{text}");
    assert!(!text.contains("event-106"), "{text}");
}

#[tokio::test]
async fn a_browser_that_comes_back_goes_on_after_the_event_it_saw_last() {
    let site = Site::start(World::friendly()).await;
    let response = site
        .request(
            "GET",
            "viewer",
            "/environments/storefront-prod/events/stream?after=101",
        )
        .header("last-event-id", "107")
        .send()
        .await
        .unwrap();
    let text = read_until(response, |text| text.contains("event: changed")).await;
    assert!(
        text.contains("event-108") && !text.contains("event-107"),
        "{text}"
    );
}

#[tokio::test]
async fn news_are_passed_on_while_the_stream_is_open() {
    let site = Site::start(World::friendly()).await;
    let request = site.request(
        "GET",
        "viewer",
        "/environments/storefront-prod/events/stream?after=107",
    );
    let response = request.send().await.unwrap();
    let news = site.api.fake.news.clone();
    let event = site.api.fake.world.event(300, 0, "WARN", "x", "Something is up.");
    let mut body = response.bytes_stream();
    let mut text = String::new();
    while !text.contains("event-108") {
        text.push_str(&String::from_utf8_lossy(&body.next().await.unwrap().unwrap()));
    }
    news.send(event).unwrap();
    while !text.contains("Something is up.") {
        text.push_str(&String::from_utf8_lossy(&body.next().await.unwrap().unwrap()));
    }
}

#[tokio::test]
async fn no_text_of_an_application_becomes_markup_or_a_message_of_the_stream() {
    let site = Site::start(World::hostile()).await;
    let name = beanpole_protocol::client::segment(&World::hostile().environment);
    let response = site
        .request(
            "GET",
            "viewer",
            &format!("/environments/{name}/events/stream?after=107"),
        )
        .send()
        .await
        .unwrap();
    let text = read_until(response, |text| text.contains("event: changed")).await;
    assert!(!text.contains("<script>") && !text.contains("<img"), "{text}");
    assert!(!text.contains('\r'), "{text}");
    for line in text.lines().filter(|line| line.contains("alert")) {
        assert!(line.starts_with("data: "), "{line}");
    }
}

#[tokio::test]
async fn a_stream_of_nobody_or_of_nothing_is_refused() {
    let site = Site::start(World::friendly()).await;
    let refused = |who: &'static str, path: &'static str| {
        let request = site
            .request("GET", who, path)
            .header("hx-request", "true")
            .header(
                "hx-current-url",
                format!("{}/environments/storefront-prod", site.url),
            );
        site.send(request)
    };
    let page = refused("nobody", "/environments/storefront-prod/events/stream").await;
    assert!(page.header("hx-redirect").starts_with("/login"));
    let page = refused("viewer", "/environments/gone/live").await;
    assert_eq!(page.header("hx-refresh"), "true");
    let page = refused("viewer", "/environments/broken-server/live").await;
    assert_eq!((page.status.as_u16(), page.header("hx-reswap")), (500, "none"));
}
