//! Pages show what the API says, to each role what it may do, and nothing of it as markup.

use beanpole_protocol::client::segment;

use crate::{fake_api::World, site::Site};

/// Every page of a world.
fn all_pages(world: &World) -> Vec<String> {
    let environment = format!("/environments/{}", segment(&world.environment));
    let application = format!("/applications/{}", segment(&world.application));
    vec![
        "/environments".to_owned(),
        "/environments/new".to_owned(),
        format!("/environments/new?application={}", segment(&world.application)),
        environment.clone(),
        format!("{environment}/live"),
        format!("{environment}/deploy"),
        format!("{environment}/deployments"),
        format!("{environment}/configuration"),
        format!("{environment}/logs?follow=1"),
        format!("{environment}/terminate"),
        "/applications".to_owned(),
        application.clone(),
        format!("{application}/versions/{}", segment(&world.label)),
        "/hosts".to_owned(),
        "/account".to_owned(),
    ]
}

#[tokio::test]
async fn every_page_renders_for_every_role() {
    let site = Site::start(World::friendly()).await;
    for role in ["viewer", "deployer", "admin"] {
        for path in all_pages(&World::friendly()) {
            let page = site.get(role, &path).await;
            assert_eq!(page.status, 200, "{role} {path}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn nothing_that_users_or_applications_write_becomes_markup() {
    let site = Site::start(World::hostile()).await;
    for path in all_pages(&World::hostile()) {
        let page = site.get("admin", &path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        page.lacks("<script>alert")
            .lacks("<img src=x")
            .lacks("\"'>")
            .lacks("onerror=alert(1)>");
    }
}

#[tokio::test]
async fn an_environment_shows_its_state_instances_and_deployments() {
    let site = Site::start(World::friendly()).await;
    let page = site.get("deployer", "/environments/storefront-prod").await;
    page.shows("Updating")
        .shows("Deployment 7 is in progress on 4 instances.")
        .shows(r#"href="http://storefront-prod.localhost:8080""#)
        // The deployment under way.
        .shows("TrafficSplitting · running for")
        .shows("shift traffic")
        .shows(r#"<progress max="4" value="1""#)
        .shows(r#"<rect class="new" width="20""#)
        .shows(r#"name="deployment" value="d-7x2k9m4q1s8d""#)
        // Instances.
        .shows("i-4k8s2m6q0x1d")
        .shows("1,204,331")
        .shows("1.31 s")
        .shows("135.6 MiB")
        .shows("in service")
        .shows("2 of 3 health checks failed: GET / answered 503.")
        // What happened before.
        .shows("rolled back")
        .shows("ModuleNotFoundError: No module named &#39;psycopg&#39;")
        .shows("7.3 s without an instance in service")
        // Events, and where their stream goes on.
        .shows("20 % of new visitors go to 2026.11.22-3")
        .shows("/environments/storefront-prod/events/stream?after=108");
    assert!(
        page.body.find(r#"id="event-108""#) < page.body.find(r#"id="event-101""#),
        "newest event first"
    );
}

#[tokio::test]
async fn viewers_see_no_way_to_change_anything() {
    let site = Site::start(World::friendly()).await;
    for path in all_pages(&World::friendly()) {
        if path == "/account" || path.starts_with("/environments/new") {
            continue;
        }
        let page = site.get("viewer", &path).await;
        let forms = page.body.matches(r#"method="post""#).count();
        let harmless = page.body.matches(r#"action="/logout""#).count()
            // The options' form has neither fields nor a button.
            + page.body.matches(r#"/configuration">"#).count().min(usize::from(path.ends_with("/configuration")));
        assert_eq!(forms, harmless, "{path}: {}", page.body);
    }
    let page = site
        .get("viewer", "/environments/storefront-prod/configuration")
        .await;
    page.shows("****").lacks("hunter2").lacks("Save and roll out");
    let page = site.get("deployer", "/hosts").await;
    page.lacks("join token").lacks("Remove");
}

#[tokio::test]
async fn an_unknown_address_and_an_unknown_name_are_not_found() {
    let site = Site::start(World::friendly()).await;
    for (path, said) in [
        ("/nope", "nothing at this address"),
        ("/environments/nope", "there is no such environment"),
    ] {
        let page = site.get("viewer", path).await;
        assert!(
            page.status == 404 || page.status == 405,
            "{path}: {}",
            page.status
        );
        page.shows("Not found").shows(said);
    }
}

#[tokio::test]
async fn an_error_of_the_server_is_shown_with_its_id() {
    let site = Site::start(World::friendly()).await;
    let page = site.get("viewer", "/environments/broken-server").await;
    assert_eq!(page.status, 500);
    page.shows("something broke in the server").shows("err-internal");
}

#[tokio::test]
async fn an_api_that_is_away_is_said_so_without_its_address() {
    let console = beanpole_web::router(beanpole_web::Settings {
        api: "http://127.0.0.1:1".to_owned(),
    });
    let request = axum::http::Request::get("/environments")
        .header("cookie", "beanpole_session=admin.jwt")
        .body(axum::body::Body::empty())
        .unwrap();
    let response = tower::ServiceExt::oneshot(console, request).await.unwrap();
    assert_eq!(response.status(), 502);
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("did not answer") && body.contains("Error id") && !body.contains("127.0.0.1"));
}

#[tokio::test]
async fn notices_say_only_what_the_console_means() {
    let site = Site::start(World::friendly()).await;
    let page = site.get("viewer", "/environments?notice=terminating").await;
    page.shows("The environment is being terminated.");
    let page = site
        .get("viewer", "/environments?notice=Your%20account%20is%20locked")
        .await;
    page.lacks("locked");
}

#[tokio::test]
async fn loading_a_form_only_address_leads_back_to_the_form() {
    let site = Site::start(World::friendly()).await;
    for (path, parent) in [
        ("/logout", "/"),
        ("/login/code", "/"),
        ("/applications/a%2Fb/versions", "/applications/a%2Fb"),
        ("/environments/prod/deploy/upload", "/environments/prod/deploy"),
    ] {
        let page = site.get("viewer", path).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (303, parent));
    }
    let page = site.send(site.request("DELETE", "viewer", "/environments")).await;
    assert_eq!(page.status, 404);
}
