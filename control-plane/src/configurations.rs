//! Configuration revisions: between the rows of `control.configurations` and [`OptionSet`].
//!
//! Environment properties are sealed here and opened here. A revision never changes once written.

use std::collections::BTreeMap;

use beanpole_protocol::{EnvironmentId, Timestamp, api::OptionSetting};
use sqlx::PgConnection;

use crate::{
    ApiError,
    options::OptionSet,
    secrets::{Secrets, SecretsError},
    store::configurations::{self, ConfigurationRow},
};

#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    #[error("the database did not answer for configuration revisions")]
    Database(#[from] sqlx::Error),
    #[error("revision {revision} of environment {environment} cannot be opened")]
    Sealed {
        environment: EnvironmentId,
        revision: i32,
        source: SecretsError,
    },
    #[error("revision {revision} of environment {environment} is not readable")]
    Form {
        environment: EnvironmentId,
        revision: i32,
        source: serde_json::Error,
    },
    #[error("revision {revision} of environment {environment} does not exist")]
    Missing {
        environment: EnvironmentId,
        revision: i32,
    },
}

impl From<ConfigurationError> for ApiError {
    fn from(error: ConfigurationError) -> Self {
        match error {
            ConfigurationError::Database(error) => error.into(),
            other => ApiError::internal(other),
        }
    }
}

/// What a revision's properties are sealed for.
fn context(environment: &EnvironmentId, revision: i32) -> String {
    format!("configuration {environment} {revision}")
}

/// What the settings of its version are sealed for.
fn version_context(environment: &EnvironmentId, revision: i32) -> String {
    format!("configuration's version {environment} {revision}")
}

fn open(secrets: &Secrets, row: ConfigurationRow) -> Result<OptionSet, ConfigurationError> {
    let ConfigurationRow {
        environment_id: environment,
        revision,
        options,
        properties_sealed,
        version_settings_sealed,
    } = row;
    let sealed = |source| ConfigurationError::Sealed {
        environment: environment.clone(),
        revision,
        source,
    };
    let form = |source| ConfigurationError::Form {
        environment: environment.clone(),
        revision,
        source,
    };
    let properties = secrets
        .open(&properties_sealed, &context(&environment, revision))
        .map_err(sealed)?;
    let version: Vec<OptionSetting> = match version_settings_sealed {
        Some(settings) => {
            let settings = secrets
                .open(&settings, &version_context(&environment, revision))
                .map_err(sealed)?;
            serde_json::from_slice(&settings).map_err(form)?
        }
        None => Vec::new(),
    };
    let settings: Vec<OptionSetting> = serde_json::from_value(options).map_err(form)?;
    let properties: BTreeMap<String, String> = serde_json::from_slice(&properties).map_err(form)?;
    Ok(OptionSet::stored(settings, properties, version))
}

/// Revisions by environment and number.
pub type Revisions = BTreeMap<(EnvironmentId, i32), OptionSet>;

/// These revisions; those that do not exist are absent.
pub async fn load(
    conn: &mut PgConnection,
    secrets: &Secrets,
    wanted: &[(EnvironmentId, i32)],
) -> Result<Revisions, ConfigurationError> {
    configurations::revisions(conn, wanted)
        .await?
        .into_iter()
        .map(|row| {
            let key = (row.environment_id.clone(), row.revision);
            Ok((key, open(secrets, row)?))
        })
        .collect()
}

/// One revision, which must exist.
pub async fn load_one(
    conn: &mut PgConnection,
    secrets: &Secrets,
    environment: &EnvironmentId,
    revision: i32,
) -> Result<OptionSet, ConfigurationError> {
    let key = (environment.clone(), revision);
    load(conn, secrets, std::slice::from_ref(&key))
        .await?
        .remove(&key)
        .ok_or_else(|| ConfigurationError::Missing {
            environment: environment.clone(),
            revision,
        })
}

/// Writes the next revision: its number. The caller holds the environment's lock.
pub async fn append(
    conn: &mut PgConnection,
    secrets: &Secrets,
    environment: &EnvironmentId,
    set: &OptionSet,
    now: Timestamp,
) -> Result<i32, ConfigurationError> {
    let revision = configurations::last_revision(conn, environment).await? + 1;
    let form = |source| ConfigurationError::Form {
        environment: environment.clone(),
        revision,
        source,
    };
    let sealed = |source| ConfigurationError::Sealed {
        environment: environment.clone(),
        revision,
        source,
    };
    let properties = serde_json::to_vec(set.own_properties()).map_err(form)?;
    let version = set.version_settings();
    let version_settings_sealed = if version.is_empty() {
        None
    } else {
        let text = serde_json::to_vec(&version).map_err(form)?;
        let context = version_context(environment, revision);
        Some(secrets.seal(&text, &context).map_err(sealed)?)
    };
    let row = ConfigurationRow {
        environment_id: environment.clone(),
        revision,
        options: serde_json::to_value(set.settings()).map_err(form)?,
        properties_sealed: secrets
            .seal(&properties, &context(environment, revision))
            .map_err(sealed)?,
        version_settings_sealed,
    };
    configurations::insert(conn, &row, now).await?;
    Ok(revision)
}
