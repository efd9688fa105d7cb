//! What protects the browser: headers on everything, and no writes on behalf of other sites.

use crate::{fake_api::World, site::Site};

#[tokio::test]
async fn every_answer_carries_the_policy() {
    let site = Site::start(World::friendly()).await;
    for path in [
        "/login",
        "/environments",
        "/no-such-page",
        "/environments/broken-server",
        "/static/console.css",
    ] {
        let page = site.get("viewer", path).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
            "{path}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        let kept = path.starts_with("/static");
        assert_eq!(page.header("cache-control") == "no-store", !kept, "{path}");
    }
}

#[tokio::test]
async fn a_form_sent_by_another_site_does_nothing() {
    let site = Site::start(World::friendly()).await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let request = site
            .request("POST", "admin", "/applications")
            .header(name, value)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("key=k&name=theirs");
        let page = site.send(request).await;
        assert_eq!(page.status, 403, "{name}: {value}");
        page.shows("came from another site");
    }
    assert!(site.api.fake.asked.lock().unwrap().is_empty());

    let request = site
        .request("POST", "admin", "/applications")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("key=k&name=ours");
    assert_eq!(site.send(request).await.status, 303);
}

#[tokio::test]
async fn files_are_served_with_their_type_and_not_sent_twice() {
    let site = Site::start(World::friendly()).await;
    for (path, kind) in [
        ("/static/console.css", "text/css"),
        ("/static/console.js", "text/javascript"),
        ("/static/vendor/htmx-4.0.1.min.js", "text/javascript"),
        ("/static/icon.svg", "image/svg+xml"),
    ] {
        let page = site.get("nobody", path).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with(kind), "{path}");
        let again = site
            .request("GET", "nobody", path)
            .header("if-none-match", page.header("etag"));
        assert_eq!(site.send(again).await.status, 304);
    }
    assert_eq!(site.get("nobody", "/static/../Cargo.toml").await.status, 404);
    assert_eq!(site.get("nobody", "/static/none.js").await.status, 404);
}
