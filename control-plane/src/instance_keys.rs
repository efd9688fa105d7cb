//! `POST /instance/v1/keys`: what an instance did of a configuration file before it ran the application, and how
//! long that took.
//!
//! It becomes an event, one for each key of a file and deployment: the first instance that tells it speaks for
//! the others. Nothing depends on it, so that what does not belong to a running deployment is dropped.

use axum::extract::State;
use beanpole_protocol::{Timestamp, api::Severity};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::{
    ApiError, App,
    http::extract::Json,
    leader::api::{LONGEST_NAME, caller},
    ops::record::{self, About},
    store::{deployments, environments, events, instances},
};

/// The kind of these events.
const KIND: &str = "instance_configuration_key";
/// Keys that are done on instances.
const KEYS: [&str; 5] = ["sources", "files", "commands", "services", "container_commands"];
/// Events of a deployment, at most: an application has its instance's token, and may say anything with it.
const MOST: i64 = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    pub file: String,
    pub key: String,
    /// Of all its entries together.
    pub milliseconds: u64,
}

/// Open to all: the instance's token is the credential.
pub async fn done(
    State(app): State<App>,
    headers: HeaderMap,
    Json(done): Json<Done>,
) -> Result<StatusCode, ApiError> {
    let instance = caller(&app, &headers)?;
    let is_file = done.file.chars().count() <= LONGEST_NAME && !done.file.chars().any(char::is_control);
    if !is_file || !KEYS.contains(&done.key.as_str()) {
        let problem = format!("a key is one of {}, of a file", KEYS.join(", "));
        return Err(ApiError::unprocessable("bad_key", problem).with_field("key"));
    }
    let mut transaction = app.pool.begin().await?;
    let conn = &mut *transaction;
    let Some(environment) = instances::environment_of(conn, &instance).await? else {
        return Err(ApiError::not_found(
            "instance_gone",
            "the token's instance is gone",
        ));
    };
    environments::lock(conn, &environment).await?;
    let (Some(environment), Some(deployment)) = (
        environments::by_id(conn, &environment).await?,
        deployments::active(conn, &environment).await?,
    ) else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let is_its = instances::is_of(conn, &instance, &deployment.id).await?;
    let beginning = format!("{}: {} took ", done.file, done.key);
    let said = events::said_of_deployment(conn, (&environment.id, &deployment.id), KIND, &beginning).await?;
    if !is_its || said.same > 0 || said.all >= MOST {
        return Ok(StatusCode::NO_CONTENT);
    }
    let about = About {
        deployment: Some(&deployment.id),
        version_label: Some(&deployment.label),
    };
    let seconds = done.milliseconds as f64 / 1000.0;
    let message = format!("{beginning}{seconds:.1} s on instance {instance}.");
    record::event(
        conn,
        &environment,
        about,
        (Severity::Info, KIND, &message),
        Timestamp::now(),
    )
    .await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::{InstanceId, api::DeploymentPolicy};
    use http::{HeaderValue, header};

    use super::*;
    use crate::{
        aws::credentials::instance_token,
        options::catalogue::GROUP,
        testing::{Stage, option},
    };

    async fn told(app: &App, instance: &InstanceId, key: &str) -> u16 {
        let token = format!("Bearer {}", instance_token(&app.secrets, instance));
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(&token).unwrap())]);
        let body = Done {
            file: ".ebextensions/a.config".to_owned(),
            key: key.to_owned(),
            milliseconds: 1_234,
        };
        match done(State(app.clone()), headers, Json(body)).await {
            Ok(status) => status.as_u16(),
            Err(error) => error.status.as_u16(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_first_instance_speaks_for_its_deployment() {
        let mut stage = Stage::launched(2, vec![option(GROUP, "MinSize", "2")]).await;
        let all = async |stage: &Stage| {
            let environment = stage.environment("prod").await;
            let rows = instances::of_environment(&mut *stage.connection().await, &environment.id).await;
            rows.unwrap()
        };
        let old = all(&stage).await[0].id.clone();
        let change = stage
            .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
            .await
            .unwrap();
        stage
            .until("two new instances", async |stage| {
                all(stage)
                    .await
                    .iter()
                    .filter(|row| row.deployment_number == 2)
                    .count()
                    == 2
            })
            .await;
        let new: Vec<_> = all(&stage)
            .await
            .into_iter()
            .filter(|row| row.deployment_number == 2)
            .collect();
        let app = stage.app.clone();
        for (instance, key, status) in [
            (&old, "files", 204),
            (&new[0].id, "files", 204),
            (&new[1].id, "files", 204),
            (&new[1].id, "container_commands", 204),
            (&new[1].id, "packages", 422),
            (&InstanceId::random(), "files", 404),
        ] {
            assert_eq!(told(&app, instance, key).await, status, "{key}");
        }
        stage.result(&change).await;
        assert_eq!(
            told(&app, &new[1].id, "commands").await,
            204,
            "too late to be told"
        );
        let events = stage.events("prod").await;
        let said: Vec<_> = events
            .into_iter()
            .filter(|event| event.kind == KIND)
            .map(|event| event.message)
            .collect();
        let (one, other) = (&new[0].id, &new[1].id);
        assert_eq!(
            said,
            [
                format!(".ebextensions/a.config: files took 1.2 s on instance {one}."),
                format!(".ebextensions/a.config: container_commands took 1.2 s on instance {other}."),
            ]
        );
    }
}
