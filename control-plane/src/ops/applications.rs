//! Applications: what they may be called, and when they may go.

use beanpole_protocol::{
    ApplicationId, Timestamp,
    api::{Application, CreateApplication},
};
use beanpole_sqs::backend::of_applications;
use sqlx::PgConnection;

use crate::{ApiError, store::applications};

/// Longest description, characters.
pub const LONGEST_DESCRIPTION: usize = 200;

/// 1 to 100 characters without slashes, as in Beanstalk; what `what` is called goes into the message.
pub fn check_label(what: &str, field: &str, text: &str) -> Result<(), ApiError> {
    let length = text.chars().count();
    let fine = (1..=100).contains(&length) && text.trim() == text && text != "." && text != "..";
    if fine && !text.chars().any(|c| c.is_control() || c == '/') {
        return Ok(());
    }
    Err(ApiError::invalid(
        field,
        format!(
            "{what} takes 1 to 100 characters, without slashes, control characters or spaces at its ends"
        ),
    ))
}

/// At most [`LONGEST_DESCRIPTION`] characters.
pub fn check_description(text: &str) -> Result<(), ApiError> {
    if text.chars().count() <= LONGEST_DESCRIPTION {
        return Ok(());
    }
    Err(ApiError::invalid(
        "description",
        format!("a description has at most {LONGEST_DESCRIPTION} characters"),
    ))
}

/// What a request for an unknown application gets.
pub fn not_found(name: &str) -> ApiError {
    ApiError::not_found(
        "application_not_found",
        format!("there is no application {name:?}; create it with POST /api/v1/applications or `bp init`"),
    )
}

pub async fn create(
    connection: &mut PgConnection,
    body: &CreateApplication,
    now: Timestamp,
) -> Result<Application, ApiError> {
    check_label("an application's name", "name", &body.name)?;
    check_description(&body.description)?;
    let id = ApplicationId::random();
    if !applications::insert(connection, &id, &body.name, &body.description, now.into()).await? {
        let message = format!("there is an application {:?} already", body.name);
        return Err(ApiError::conflict("application_exists", message).with_field("name"));
    }
    Ok(Application {
        id,
        name: body.name.clone(),
        description: body.description.clone(),
        created_at: now,
        environments: 0,
        versions: 0,
    })
}

/// Removes an application with its versions. Refused while an environment of it lives or it has a queue.
pub async fn delete(connection: &mut PgConnection, name: &str) -> Result<(), ApiError> {
    let id = applications::lock(connection, name)
        .await?
        .ok_or_else(|| not_found(name))?;
    let living = applications::living_environments(connection, &id).await?;
    if !living.is_empty() {
        return Err(ApiError::conflict(
            "application_in_use",
            format!(
                "the application {name:?} has environments ({}); terminate them first",
                living.join(", ")
            ),
        ));
    }
    let queues = of_applications(connection, &[id.as_str()])
        .await
        .map_err(super::queues::refused)?;
    if !queues.is_empty() {
        let names: Vec<_> = queues.iter().take(5).map(|queue| queue.key.arn().0).collect();
        return Err(ApiError::conflict(
            "application_in_use",
            format!(
                "the application {name:?} has queues ({}); delete them first, with what is in them",
                names.join(", ")
            ),
        ));
    }
    Ok(applications::delete(connection, &id).await?)
}
