//! Bundles pass through to the API in pieces; a bundle that was cut off is never taken for a whole one.

use std::{io, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::{
    fake_api::World,
    site::{Page, Site},
};

const BOUNDARY: &str = "----------------beanpole";

fn text(name: &str, value: &str) -> String {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file_head() -> String {
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\
         Content-Type: application/zip\r\n\r\n"
    )
}

fn end() -> String {
    format!("\r\n--{BOUNDARY}--\r\n")
}

fn upload(site: &Site, path: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    site.request("POST", "deployer", path)
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(body)
}

/// `pieces` of 64 KiB between the form's begin and end.
fn big(label: &str, pieces: usize) -> reqwest::Body {
    let head = text("label", label) + &text("description", "d") + &file_head();
    let parts = stream::iter([Bytes::from(head)])
        .chain(stream::repeat(Bytes::from(vec![b'z'; 64 * 1024])).take(pieces))
        .chain(stream::iter([Bytes::from(end())]));
    reqwest::Body::wrap_stream(parts.map(Ok::<_, io::Error>))
}

async fn send(site: &Site, path: &str, body: impl Into<reqwest::Body>) -> Page {
    site.send(upload(site, path, body)).await
}

fn uploads(site: &Site) -> Vec<Result<u64, String>> {
    site.api.fake.uploads.lock().unwrap().clone()
}

async fn until(done: impl Fn() -> bool) {
    let wait = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap();
}

#[tokio::test]
async fn a_bundle_arrives_whole_with_its_label() {
    let site = Site::start(World::friendly()).await;
    let page = send(&site, "/applications/storefront/versions", big("one", 400)).await;
    assert_eq!(
        page.header("location"),
        "/applications/storefront?notice=version-uploaded"
    );
    assert_eq!(uploads(&site), [Ok(400 * 64 * 1024)]);
}

#[tokio::test]
async fn a_refused_bundle_is_read_to_its_end_and_the_refusal_shown() {
    let site = Site::start(World::friendly()).await;
    let page = send(&site, "/applications/storefront/versions", big("taken", 400)).await;
    assert_eq!(page.status, 409);
    page.shows("version taken exists already")
        .shows(r#"name="label" value="taken""#)
        .shows(r#"name="description" value="d""#);
}

#[tokio::test]
async fn a_browser_that_goes_away_leaves_no_version() {
    let site = Site::start(World::friendly()).await;
    let head = text("label", "half") + &file_head();
    let (sender, receiver) = tokio::sync::mpsc::channel::<io::Result<Bytes>>(4);
    let body = reqwest::Body::wrap_stream(tokio_stream::wrappers::ReceiverStream::new(receiver));
    let request = upload(&site, "/applications/storefront/versions", body);
    let sending = tokio::spawn(request.send());
    sender.send(Ok(Bytes::from(head))).await.unwrap();
    sender
        .send(Ok(Bytes::from(vec![b'z'; 256 * 1024])))
        .await
        .unwrap();
    until(|| !site.api.fake.asked.lock().unwrap().is_empty()).await;
    sender
        .send(Err(io::Error::other("closed the laptop")))
        .await
        .unwrap();
    assert!(sending.await.unwrap().is_err());
    until(|| !uploads(&site).is_empty()).await;
    let seen = uploads(&site);
    assert!(matches!(seen.as_slice(), [Err(_)]), "{seen:?}");
}

#[tokio::test]
async fn a_form_without_a_file_or_in_the_wrong_order_is_refused() {
    let site = Site::start(World::friendly()).await;
    let path = "/applications/storefront/versions";
    let page = send(&site, path, text("label", "x") + &end()).await;
    assert_eq!(page.status, 422);
    page.shows("Choose the zip file");
    let page = send(&site, path, text("label", "x") + &file_head() + &end()).await;
    assert_eq!(page.status, 422, "an empty file is no file");
    let late = file_head() + "zip\r\n" + &text("label", "late") + &end();
    let page = send(&site, path, late).await;
    assert_eq!(page.status, 400);
    let page = send(&site, path, text("label", &"x".repeat(20_000)) + &end()).await;
    assert_eq!(page.status, 400);
}

#[tokio::test]
async fn upload_and_deploy_are_one_step_and_say_how_far_they_came() {
    let site = Site::start(World::friendly()).await;
    let path = "/environments/storefront-prod/deploy/upload";
    let form = |label: &str| {
        text("key", "k9")
            + &text("label", label)
            + &text("policy", "Rolling")
            + &file_head()
            + "PK-bundle"
            + &end()
    };
    let page = send(&site, path, form("fresh")).await;
    assert_eq!(
        page.header("location"),
        "/environments/storefront-prod?notice=deployment-started"
    );
    let asked = site.asked();
    assert_eq!(asked.key.as_deref(), Some("k9"));
    assert_eq!(
        asked.body,
        serde_json::json!({"version_label": "fresh", "policy": "Rolling"})
    );
    assert_eq!(uploads(&site), [Ok(9)]);

    let page = send(&site, path, form("busy")).await;
    assert_eq!(page.status, 409);
    page.shows("Version busy was uploaded, but not deployed: the environment is Updating");
}
