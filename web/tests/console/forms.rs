//! Forms become API calls with an idempotency key; refusals come back with what was typed.

use serde_json::json;

use crate::{fake_api::World, site::Site};

fn hidden<'a>(body: &'a str, name: &str) -> &'a str {
    let start = body.find(&format!(r#"name="{name}" value=""#)).unwrap();
    body[start..].split('"').nth(3).unwrap()
}

#[tokio::test]
async fn creating_an_application_sends_the_key_that_the_form_was_shown_with() {
    let site = Site::start(World::friendly()).await;
    let page = site.get("deployer", "/applications").await;
    let key = hidden(&page.body, "key").to_owned();
    assert!(key.starts_with("console-") && key.len() == 40, "{key}");

    let form = [("key", key.as_str()), ("name", " my/app "), ("description", "")];
    let page = site.post("deployer", "/applications", &form).await;
    assert_eq!(
        page.header("location"),
        "/applications/my%2Fapp?notice=application-created"
    );
    let asked = site.asked();
    assert_eq!(asked.key.as_deref(), Some(key.as_str()));
    assert_eq!(asked.body, json!({"name": "my/app", "description": ""}));
}

#[tokio::test]
async fn a_refusal_keeps_what_was_typed_and_takes_a_new_key() {
    let site = Site::start(World::friendly()).await;
    let form = [
        ("key", "old-key"),
        ("name", "storefront"),
        ("description", "Mine"),
    ];
    let page = site.post("deployer", "/applications", &form).await;
    assert_eq!(page.status, 409);
    page.shows("an application with this name exists")
        .shows("err-application_exists")
        .shows(r#"value="Mine""#)
        .lacks("old-key");
}

#[tokio::test]
async fn a_version_is_deployed_with_or_without_a_policy_of_its_own() {
    let site = Site::start(World::friendly()).await;
    let path = "/environments/storefront-prod/deploy";
    let form = [("key", "k1"), ("version", "2026.11.22-3"), ("policy", "")];
    let page = site.post("deployer", path, &form).await;
    assert_eq!(
        page.header("location"),
        "/environments/storefront-prod?notice=deployment-started"
    );
    let asked = site.asked();
    assert_eq!(asked.path, "/environments/storefront-prod/deployments");
    assert_eq!(
        asked.body,
        json!({"version_label": "2026.11.22-3", "policy": null})
    );

    let form = [
        ("key", "k2"),
        ("version", "2026.11.22-3"),
        ("policy", "Immutable"),
    ];
    site.post("deployer", path, &form).await;
    assert_eq!(site.asked().body["policy"], "Immutable");

    let form = [("key", "k3"), ("version", "busy"), ("policy", "Rolling")];
    let page = site.post("deployer", path, &form).await;
    assert_eq!(page.status, 409);
    page.shows("wait for deployment 7 or abort it")
        .shows(r#"<option value="Rolling" selected>"#);

    let form = [("key", "k4"), ("version", "busy"), ("policy", "Blue")];
    assert_eq!(site.post("deployer", path, &form).await.status, 422);
}

#[tokio::test]
async fn the_deployment_that_was_on_the_page_is_aborted() {
    let site = Site::start(World::friendly()).await;
    let path = "/environments/storefront-prod/abort";
    let page = site
        .post("deployer", path, &[("deployment", "d-7x2k9m4q1s8d")])
        .await;
    assert_eq!(page.status, 303);
    assert_eq!(site.asked().path, "/deployments/d-7x2k9m4q1s8d/abort");
    let page = site
        .post("deployer", path, &[("deployment", "../../users")])
        .await;
    assert_eq!(page.status, 400);
}

#[tokio::test]
async fn an_environment_is_created_with_its_options() {
    let site = Site::start(World::friendly()).await;
    let page = site
        .get("deployer", "/environments/new?application=storefront")
        .await;
    let key = hidden(&page.body, "key").to_owned();
    let form = [
        ("key", key.as_str()),
        ("application", "storefront"),
        ("name", "storefront-next"),
        ("cname_prefix", ""),
        ("platform", ""),
        ("version", "2026.11.22-3"),
        ("policy", "Rolling"),
        ("min", "2"),
        ("max", "6"),
    ];
    let page = site.post("deployer", "/environments", &form).await;
    assert!(page.header("location").ends_with("?notice=environment-launching"));
    let asked = site.asked();
    assert_eq!(asked.key.as_deref(), Some(key.as_str()));
    assert_eq!(
        asked.body,
        json!({
            "application": "storefront", "name": "storefront-next", "cname_prefix": null,
            "platform": null, "version_label": "2026.11.22-3",
            "options": [
                {"namespace": "aws:autoscaling:asg", "name": "MinSize", "value": "2"},
                {"namespace": "aws:autoscaling:asg", "name": "MaxSize", "value": "6"},
                {"namespace": "aws:elasticbeanstalk:command", "name": "DeploymentPolicy", "value": "Rolling"},
            ],
        })
    );
}

#[tokio::test]
async fn an_untouched_options_form_changes_nothing_and_a_touched_row_only_itself() {
    let site = Site::start(World::friendly()).await;
    let path = "/environments/storefront-prod/configuration";
    let row = |value| {
        [
            ("key", "k"),
            ("index", "6"),
            ("namespace", "aws:elasticbeanstalk:command"),
            ("name", "BatchSize"),
            ("was", "25"),
            ("value", value),
        ]
    };
    let page = site.post("deployer", path, &row("25")).await;
    assert!(page.header("location").ends_with("?notice=nothing-changed"));
    assert!(site.api.fake.asked.lock().unwrap().is_empty());

    let page = site.post("deployer", path, &row("50")).await;
    assert!(page.header("location").ends_with("?notice=options-saved"));
    let asked = site.asked();
    assert_eq!(
        (asked.method.as_str(), asked.key.as_deref()),
        ("PATCH", Some("k"))
    );
    assert_eq!(
        asked.body,
        json!({
            "set": [{"namespace": "aws:elasticbeanstalk:command", "name": "BatchSize", "value": "50"}],
            "remove": [],
        })
    );
}

#[tokio::test]
async fn refused_options_stay_as_they_were_typed() {
    let site = Site::start(World::friendly()).await;
    let form = [
        ("key", "k"),
        ("index", "6"),
        ("namespace", "aws:elasticbeanstalk:command"),
        ("name", "BatchSize"),
        ("was", "25"),
        ("value", "999"),
        ("new-name", "FRESH"),
        ("new-value", "a&b"),
    ];
    let page = site
        .post("viewer", "/environments/storefront-prod/configuration", &form)
        .await;
    assert_eq!(page.status, 403);
    let page = site
        .post("deployer", "/environments/storefront-prod/configuration", &form)
        .await;
    assert_eq!(page.status, 422);
    page.shows("999 is not a percentage")
        .shows(r#"name="was" value="25""#)
        .shows(r#"name="value" value="999""#)
        .shows(r#"value="FRESH""#)
        .shows(r#"value="a&amp;b""#);
}

#[tokio::test]
async fn scaling_sets_both_bounds() {
    let site = Site::start(World::friendly()).await;
    let form = [("key", "k"), ("min", "3"), ("max", "9")];
    let page = site
        .post("deployer", "/environments/storefront-prod/scale", &form)
        .await;
    assert!(page.header("location").ends_with("?notice=capacity-changed"));
    let set = &site.asked().body["set"];
    assert_eq!((&set[0]["value"], &set[1]["value"]), (&json!("3"), &json!("9")));
}

#[tokio::test]
async fn terminating_takes_the_name() {
    let site = Site::start(World::friendly()).await;
    let path = "/environments/storefront-prod/terminate";
    let page = site
        .post("deployer", path, &[("confirm", "storefront-test")])
        .await;
    assert_eq!(page.status, 422);
    page.shows("nothing was done");
    assert!(site.api.fake.asked.lock().unwrap().is_empty());

    let page = site
        .post("deployer", path, &[("confirm", "storefront-prod")])
        .await;
    assert!(page.header("location").ends_with("?notice=terminating"));
    assert_eq!(site.asked().method, "DELETE");
}

#[tokio::test]
async fn what_the_api_forbids_is_said_on_the_page() {
    let site = Site::start(World::friendly()).await;
    let page = site
        .post(
            "viewer",
            "/environments/storefront-prod/terminate",
            &[("confirm", "storefront-prod")],
        )
        .await;
    assert_eq!(page.status, 403);
    page.shows("this needs the role deployer");
}

#[tokio::test]
async fn secrets_are_shown_once_in_the_answer() {
    let site = Site::start(World::friendly()).await;
    let form = [
        ("key", "k"),
        ("name", "ci"),
        ("role", "deployer"),
        ("expires_in_days", "30"),
    ];
    let page = site.post("admin", "/account/tokens", &form).await;
    page.shows("bp_3vq8s6m0c2d9x7k1");
    assert_eq!(
        site.asked().body,
        json!({"name": "ci", "role": "deployer", "expires_in_days": 30})
    );
    site.get("admin", "/account").await.lacks("bp_3vq8s6m0c2d9x7k1");

    let page = site.post("admin", "/hosts/join-tokens", &[]).await;
    page.shows("echo join-7f3k9q2m4x8d")
        .shows(&format!("--server {} --join-token-file", site.url));
    site.get("admin", "/hosts").await.lacks("join-7f3k9q2m4x8d");

    let form = [
        ("key", "k"),
        ("name", "ci"),
        ("role", "viewer"),
        ("expires_in_days", "soon"),
    ];
    let page = site.post("admin", "/account/tokens", &form).await;
    assert_eq!(page.status, 422);
    page.shows("whole number");
}
