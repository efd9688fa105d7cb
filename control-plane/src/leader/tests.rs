//! Claims over the handlers, with two instances of one deployment.

use axum::extract::State;
use beanpole_protocol::{InstanceId, api::DeploymentPolicy};
use http::{HeaderMap, HeaderValue, header};

use super::{
    api::{Claiming, Finishing, claim, finish},
    decision::Decision,
};
use crate::{
    ApiError, App,
    aws::credentials::instance_token,
    http::extract::Json,
    options::catalogue::GROUP,
    store::instances,
    testing::{Stage, option},
};

fn shown(app: &App, instance: &InstanceId) -> HeaderMap {
    let token = format!("Bearer {}", instance_token(&app.secrets, instance));
    HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(&token).unwrap())])
}

async fn claimed(app: &App, instance: &InstanceId, name: &str) -> Decision {
    let command = Claiming {
        file: "db.config".to_owned(),
        name: name.to_owned(),
    };
    let answer = claim(State(app.clone()), shown(app, instance), Json(command)).await;
    answer.unwrap().0.decision
}

async fn finished(app: &App, instance: &InstanceId, name: &str, exit_code: i32) -> Result<(), ApiError> {
    let command = Finishing {
        file: "db.config".to_owned(),
        name: name.to_owned(),
        exit_code,
    };
    let answer = finish(State(app.clone()), shown(app, instance), Json(command)).await;
    answer.map(drop)
}

/// The instances that a deployment brought.
async fn brought_by(stage: &Stage, number: u32) -> Vec<InstanceId> {
    let environment = stage.environment("prod").await;
    let rows = instances::of_environment(&mut *stage.connection().await, &environment.id).await;
    rows.unwrap()
        .into_iter()
        .filter(|row| row.deployment_number == number)
        .map(|row| row.id)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_runs_a_command_for_all() {
    let mut stage = Stage::launched(2, vec![option(GROUP, "MinSize", "2")]).await;
    let there = brought_by(&stage, 1).await;
    // The launch is over: whoever comes now, comes for scale.
    assert_eq!(claimed(&stage.app, &there[0], "migrate").await, Decision::Skip);

    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    stage
        .until("two new instances", async |stage| {
            brought_by(stage, 2).await.len() == 2
        })
        .await;
    let new = brought_by(&stage, 2).await;
    let app = stage.app.clone();
    assert_eq!(claimed(&app, &new[0], "migrate").await, Decision::Run);
    assert_eq!(claimed(&app, &new[1], "migrate").await, Decision::Wait);
    assert_eq!(
        claimed(&app, &new[1], "seed").await,
        Decision::Run,
        "each by itself"
    );
    // Its container was killed and begins again.
    assert_eq!(claimed(&app, &new[0], "migrate").await, Decision::Run);
    let refused = finished(&app, &new[1], "migrate", 0).await.unwrap_err();
    assert_eq!(refused.status.as_u16(), 409);
    finished(&app, &new[0], "migrate", 0).await.unwrap();
    finished(&app, &new[0], "migrate", 0).await.unwrap();
    assert_eq!(claimed(&app, &new[1], "migrate").await, Decision::Skip);
    assert_eq!(claimed(&app, &new[0], "migrate").await, Decision::Skip);
    finished(&app, &new[1], "seed", 3).await.unwrap();
    assert_eq!(claimed(&app, &new[0], "seed").await, Decision::Failed);
    stage.result(&change).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_gone_is_followed_by_another() {
    let mut stage = Stage::launched(2, vec![option(GROUP, "MinSize", "2")]).await;
    stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    stage
        .until("two new instances", async |stage| {
            brought_by(stage, 2).await.len() == 2
        })
        .await;
    let new = brought_by(&stage, 2).await;
    let app = stage.app.clone();
    assert_eq!(claimed(&app, &new[0], "migrate").await, Decision::Run);
    sqlx::query("delete from control.instances where id = $1")
        .bind(new[0].as_str())
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(claimed(&app, &new[1], "migrate").await, Decision::Run);
    let command = Claiming {
        file: "db.config".to_owned(),
        name: "migrate".to_owned(),
    };
    let refused = claim(State(app.clone()), shown(&app, &new[0]), Json(command))
        .await
        .map(drop);
    assert_eq!(refused.unwrap_err().status.as_u16(), 404);
}
