//! Signing in and out, and what happens to those who did not.

use crate::{fake_api::World, site::Site};

#[tokio::test]
async fn a_password_gives_a_cookie_that_scripts_cannot_read() {
    let site = Site::start(World::friendly()).await;
    let form = [
        ("name", "deployer"),
        ("password", "correct horse"),
        ("return_to", "/applications?after=x"),
    ];
    let page = site.post("nobody", "/login", &form).await;
    assert_eq!(page.status, 303);
    assert_eq!(page.header("location"), "/applications?after=x");
    let cookie = page.header("set-cookie");
    assert!(
        cookie.starts_with("beanpole_session=deployer.jwt; Path=/; HttpOnly; SameSite=Lax; Max-Age=43"),
        "{cookie}"
    );
}

#[tokio::test]
async fn behind_https_the_cookie_is_secure_and_bound_to_the_host() {
    let site = Site::start(World::friendly()).await;
    let request = site
        .request("POST", "nobody", "/login")
        .header("x-forwarded-proto", "https")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("name=admin&password=correct%20horse");
    let page = site.send(request).await;
    let cookie = page.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-beanpole_session=admin.jwt; ") && cookie.contains("; Secure"),
        "{cookie}"
    );
    assert_eq!(page.header("location"), "/");
}

#[tokio::test]
async fn a_wrong_password_is_said_so_and_the_name_kept() {
    let site = Site::start(World::friendly()).await;
    let form = [
        ("name", "ada"),
        ("password", "wrong"),
        ("return_to", "//evil.example"),
    ];
    let page = site.post("nobody", "/login", &form).await;
    assert_eq!(page.status, 401);
    page.shows("wrong name or password")
        .shows(r#"value="ada""#)
        .lacks("evil.example")
        .lacks("wrong\"");
    assert_eq!(page.header("set-cookie"), "");
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let site = Site::start(World::friendly()).await;
    for target in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/login",
    ] {
        let form = [
            ("name", "admin"),
            ("password", "correct horse"),
            ("return_to", target),
        ];
        let page = site.post("nobody", "/login", &form).await;
        assert_eq!(page.header("location"), "/", "{target}");
    }
}

#[tokio::test]
async fn following_a_one_time_link_uses_nothing_up() {
    let site = Site::start(World::friendly()).await;
    let page = site.get("nobody", "/login?code=one-time-code").await;
    page.shows(r#"action="/login/code""#)
        .shows(r#"value="one-time-code""#);
    assert!(site.api.fake.asked.lock().unwrap().is_empty());

    let page = site
        .post("nobody", "/login/code", &[("code", "one-time-code")])
        .await;
    assert_eq!(page.status, 303);
    assert!(
        page.header("set-cookie")
            .starts_with("beanpole_session=admin.jwt;")
    );

    let page = site.post("nobody", "/login/code", &[("code", "used")]).await;
    assert_eq!(page.status, 401);
}

#[tokio::test]
async fn who_is_not_signed_in_comes_back_to_the_page_they_wanted() {
    let site = Site::start(World::friendly()).await;
    let page = site.get("nobody", "/environments/storefront-prod?notice=x").await;
    assert_eq!(page.status, 303);
    assert_eq!(
        page.header("location"),
        "/login?return=%2Fenvironments%2Fstorefront-prod%3Fnotice%3Dx"
    );
    assert!(page.header("set-cookie").contains("Max-Age=0"));
    let page = site.get("nobody", page.header("location")).await;
    page.shows(r#"value="/environments/storefront-prod?notice=x""#);
}

#[tokio::test]
async fn a_session_that_ends_on_an_open_page_leads_to_the_sign_in_page() {
    let site = Site::start(World::friendly()).await;
    let request = site
        .request("GET", "nobody", "/environments/storefront-prod/live")
        .header("hx-request", "true")
        .header(
            "hx-current-url",
            format!("{}/environments/storefront-prod", site.url),
        );
    let page = site.send(request).await;
    assert_eq!(
        page.header("hx-redirect"),
        "/login?return=%2Fenvironments%2Fstorefront-prod"
    );
    assert_eq!(page.body, "");
}

#[tokio::test]
async fn signing_out_forgets_the_cookie() {
    let site = Site::start(World::friendly()).await;
    let page = site.post("admin", "/logout", &[]).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (303, "/login"));
    assert!(page.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn a_new_password_keeps_this_browser_signed_in() {
    let site = Site::start(World::friendly()).await;
    let path = "/account/password";
    let page = site
        .post(
            "admin",
            path,
            &[("password", "correct horse"), ("again", "wrong horse")],
        )
        .await;
    assert_eq!(page.status, 422);
    let page = site
        .post(
            "admin",
            path,
            &[("password", "correct horse"), ("again", "correct horse")],
        )
        .await;
    assert_eq!(page.header("location"), "/account?notice=password-changed");
    assert!(page.header("set-cookie").starts_with("beanpole_session=ada.jwt;"));

    let page = site.post("admin", "/account/sign-out-everywhere", &[]).await;
    assert_eq!(page.header("location"), "/login");
    let asked = site.asked();
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("DELETE", "/session")
    );
}
