//! `POST /instance/v1/commands/claim` and `/finish`, which an instance's init asks.
//!
//! The instance's token is the credential, as for its AWS credentials; instances reach this through their
//! host's door.

use axum::extract::State;
use beanpole_protocol::{InstanceId, Timestamp};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::decision::{Claim, Decision, Question, decide};
use crate::{
    ApiError, App, aws::credentials::instance_of, http::extract::Json, store::leader_commands as rows,
};

/// A command by the file that has it and its name there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claiming {
    pub file: String,
    pub name: String,
}

#[derive(Debug, Serialize)]
pub struct Decided {
    pub decision: Decision,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finishing {
    pub file: String,
    pub name: String,
    pub exit_code: i32,
}

/// Characters of a file's and of a command's name, at most.
pub const LONGEST_NAME: usize = 1024;

/// The instance whose token the request shows.
pub fn caller(app: &App, headers: &HeaderMap) -> Result<InstanceId, ApiError> {
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.strip_prefix("Bearer ").unwrap_or(value).trim());
    shown
        .and_then(|token| instance_of(&app.secrets, token))
        .ok_or_else(|| ApiError::unauthorized("the request has no token of an instance of this installation"))
}

fn checked(file: &str, name: &str) -> Result<(), ApiError> {
    for (field, value) in [("file", file), ("name", name)] {
        if value.is_empty() || value.chars().count() > LONGEST_NAME {
            let problem = format!("{field} has 1 to {LONGEST_NAME} characters");
            return Err(ApiError::unprocessable("bad_command_name", problem).with_field(field));
        }
    }
    Ok(())
}

fn gone() -> ApiError {
    ApiError::not_found("instance_gone", "the token's instance is gone")
}

/// Open to all: the instance's token is the credential.
pub async fn claim(
    State(app): State<App>,
    headers: HeaderMap,
    Json(command): Json<Claiming>,
) -> Result<Json<Decided>, ApiError> {
    let asker = caller(&app, &headers)?;
    checked(&command.file, &command.name)?;
    let mut transaction = app.pool.begin().await?;
    let deployment = rows::lock_deployment_of(&mut transaction, &asker)
        .await?
        .ok_or_else(gone)?;
    let claim = rows::find(&mut transaction, &deployment.id, &command.file, &command.name).await?;
    let holder_is_gone = match &claim {
        Some(claim) if claim.holder != asker => rows::is_gone(&mut transaction, &claim.holder).await?,
        _ => false,
    };
    let decision = decide(&Question {
        asker: &asker,
        brings_version: deployment.brings_version,
        claim: claim.as_ref(),
        holder_is_gone,
    });
    if decision == Decision::Run {
        let now = Timestamp::now();
        rows::take(
            &mut transaction,
            &deployment.id,
            &command.file,
            &command.name,
            &asker,
            now,
        )
        .await?;
    }
    transaction.commit().await?;
    tracing::debug!(instance.id = %asker, command.file, command.name, ?decision, "an instance asked for a command");
    Ok(Json(Decided { decision }))
}

/// Open to all: the instance's token is the credential.
pub async fn finish(
    State(app): State<App>,
    headers: HeaderMap,
    Json(command): Json<Finishing>,
) -> Result<StatusCode, ApiError> {
    let asker = caller(&app, &headers)?;
    let mut transaction = app.pool.begin().await?;
    let deployment = rows::lock_deployment_of(&mut transaction, &asker)
        .await?
        .ok_or_else(gone)?;
    let claim = rows::find(&mut transaction, &deployment.id, &command.file, &command.name).await?;
    match claim {
        // Told again after a lost answer.
        Some(Claim { holder, exit_code })
            if holder == asker && exit_code.is_none_or(|code| code == command.exit_code) =>
        {
            let now = Timestamp::now();
            let key = (command.file.as_str(), command.name.as_str());
            rows::finish(&mut transaction, &deployment.id, key, command.exit_code, now).await?;
        }
        _ => {
            return Err(ApiError::conflict(
                "not_yours",
                format!(
                    "the command {} of {} is not this instance's to finish",
                    command.name, command.file
                ),
            ));
        }
    }
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
