//! Credentials of instances, over the handler.

use std::collections::BTreeMap;

use axum::{body::to_bytes, extract::State};
use beanpole_protocol::{InstanceId, Timestamp};
use beanpole_sqs::{declare::Declaration, model::QueueKey};
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

use super::credentials::{credentials, instance_token};
use crate::{
    App,
    options::catalogue::PROPERTIES,
    store::instances,
    testing::{Stage, option},
};

async fn ask(app: &App, token: Option<&str>) -> (u16, Value) {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(token).unwrap());
    }
    let response = credentials(State(app.clone()), headers).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_there_gets_credentials_of_its_environment() {
    let stage = Stage::launched(1, Vec::new()).await;
    let app = &stage.app;
    let environment = stage.environment("prod").await;
    let there = instances::of_environment(&mut *stage.connection().await, &environment.id)
        .await
        .unwrap();
    let (status, given) = ask(app, Some(&instance_token(&app.secrets, &there[0].id))).await;
    assert_eq!(status, 200, "{given}");
    for (name, length) in [("AccessKeyId", 20), ("SecretAccessKey", 40)] {
        assert_eq!(given[name].as_str().unwrap().len(), length, "{given}");
    }
    let expires: Timestamp = serde_json::from_value(given["Expiration"].clone()).unwrap();
    let left = expires.since(Timestamp::now()).as_secs();
    assert!((3500..=3600).contains(&left), "{left}");
    assert!(!given["Token"].as_str().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_instance_gets_none() {
    let stage = Stage::launched(1, Vec::new()).await;
    let app = &stage.app;
    let gone = instance_token(&app.secrets, &InstanceId::random());
    for (token, status, code) in [
        (None, 401, "MissingToken"),
        (Some("bpi_x"), 401, "InvalidToken"),
        (Some(gone.as_str()), 403, "InstanceGone"),
    ] {
        let (told, refusal) = ask(app, token).await;
        assert_eq!(
            (told, refusal["code"].as_str()),
            (status, Some(code)),
            "{refusal}"
        );
        assert!(refusal["message"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_told_of_the_queues_that_their_application_has_when_they_are_made() {
    let mut stage = Stage::launched(1, Vec::new()).await;
    let application = stage.environment("prod").await.application_id;
    for (name, application) in [("jobs", application.to_string()), ("mail", "another".to_owned())] {
        let declaration = Declaration {
            key: QueueKey {
                account: "000000000000".parse().unwrap(),
                region: "us-east-1".to_owned(),
                name: name.to_owned(),
            },
            attributes: BTreeMap::new(),
            tags: BTreeMap::new(),
            application,
        };
        stage.app.sqs.declare(declaration).await.unwrap();
    }
    let change = stage
        .update("prod", vec![option(PROPERTIES, "A", "1")], Vec::new())
        .await
        .unwrap();
    stage.result(&change).await;
    let desired = &stage.agents[0].desired;
    let access: Vec<_> = desired
        .instances
        .iter()
        .filter_map(|one| one.services.as_ref())
        .collect();
    assert!(!access.is_empty());
    for one in access {
        assert_eq!(one.region, "us-east-1");
        let expected = [(
            "BEANPOLE_QUEUE_URL_JOBS".to_owned(),
            "/000000000000/jobs".to_owned(),
        )];
        assert_eq!(one.queues, expected.into());
        assert_eq!(ask(&stage.app, Some(one.token.reveal())).await.0, 200);
        assert!(!format!("{one:?}").contains("bpi_"));
    }
}
