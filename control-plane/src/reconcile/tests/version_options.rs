//! Options that come with a version: in force with it, gone with it, below what is set.

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus, Finding, FindingSeverity, OptionSetting};

use crate::{
    ops::version_files,
    options::catalogue::{GROUP, PROPERTIES},
    store::column::to_json,
    testing::{Stage, option},
};

async fn brings(stage: &Stage, label: &str, settings: &[OptionSetting], findings: &[Finding]) {
    let id = &stage.versions[label];
    sqlx::query(
        "update control.application_versions set option_settings_sealed = $2, findings = $3 where id = $1",
    )
    .bind(id.as_str())
    .bind(version_files::seal_settings(&stage.app.secrets, id, settings).unwrap())
    .bind(to_json(&findings).unwrap())
    .execute(&stage.app.pool)
    .await
    .unwrap();
}

fn finding(severity: FindingSeverity) -> Finding {
    Finding {
        severity,
        file: ".ebextensions/a.config".to_owned(),
        line: 3,
        column: 1,
        key: "command".to_owned(),
        message: "there is no key command".to_owned(),
    }
}

async fn in_force(stage: &Stage) -> (u32, Option<String>) {
    let environment = stage.environment("prod").await;
    let set = crate::configurations::load_one(
        &mut *stage.connection().await,
        &stage.app.secrets,
        &environment.id,
        environment.configuration,
    )
    .await;
    let colour = set.unwrap().properties().remove("COLOUR");
    (environment.desired_instances, colour)
}

#[tokio::test(flavor = "multi_thread")]
async fn they_come_and_go_with_the_version() {
    let mut stage = Stage::launched(2, vec![option(PROPERTIES, "SIZE", "own")]).await;
    let settings = [
        option(PROPERTIES, "COLOUR", "green"),
        option(PROPERTIES, "SIZE", "file"),
        option(GROUP, "MinSize", "2"),
    ];
    brings(&stage, "v2", &settings, &[finding(FindingSeverity::Warning)]).await;
    assert_eq!(in_force(&stage).await, (1, None));

    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    assert_eq!(in_force(&stage).await, (2, Some("green".to_owned())));
    let warned = stage.events("prod").await;
    let warned = warned
        .iter()
        .find(|event| event.kind == "configuration_file")
        .unwrap();
    assert_eq!(
        warned.message,
        ".ebextensions/a.config:3:1: warning: there is no key command"
    );

    // Other options of the environment leave the version's alone.
    let change = stage
        .update("prod", vec![option(PROPERTIES, "NEW", "1")], Vec::new())
        .await
        .unwrap();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    assert_eq!(in_force(&stage).await, (2, Some("green".to_owned())));

    let change = stage
        .deploy("prod", "v3", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    let (_, colour) = in_force(&stage).await;
    assert_eq!(colour, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_with_a_bad_file_is_refused_and_nothing_is_touched() {
    let stage = Stage::launched(1, Vec::new()).await;
    brings(&stage, "v2", &[], &[finding(FindingSeverity::Error)]).await;
    brings(
        &stage,
        "v3",
        &[option(GROUP, "MinSize", "9"), option(GROUP, "MaxSize", "3")],
        &[],
    )
    .await;
    let events = stage.events("prod").await.len();
    for (label, kind) in [
        ("v2", "invalid_configuration_file"),
        ("v3", "conflicting_options"),
    ] {
        let refused = stage
            .deploy("prod", label, DeploymentPolicy::Immutable)
            .await
            .unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.kind), (422, kind), "{label}");
    }
    assert_eq!(stage.events("prod").await.len(), events);
    assert!(stage.environment("prod").await.active_deployment.is_none());
}
