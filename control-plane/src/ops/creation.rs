//! What a version's `env.yaml` asks for when an environment is created from it.

use beanpole_protocol::{VersionId, api::OptionSetting};

use crate::{ApiError, bundle::manifests::Creation, secrets::Secrets};

/// What it is sealed for.
fn context(version: &VersionId) -> String {
    format!("version's environment manifest {version}")
}

/// For storage.
pub fn seal(
    secrets: &Secrets,
    version: &VersionId,
    creation: Option<&Creation>,
) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(creation) = creation else {
        return Ok(None);
    };
    let text = serde_json::to_vec(creation).map_err(ApiError::internal)?;
    let sealed = secrets
        .seal(&text, &context(version))
        .map_err(ApiError::internal)?;
    Ok(Some(sealed))
}

/// From storage. Refuses what no environment can be created as.
pub fn open(
    secrets: &Secrets,
    version: &VersionId,
    label: &str,
    sealed: Option<&[u8]>,
) -> Result<Creation, ApiError> {
    let Some(sealed) = sealed else {
        return Ok(Creation::default());
    };
    let text = secrets
        .open(sealed, &context(version))
        .map_err(ApiError::internal)?;
    let creation: Creation = serde_json::from_slice(&text).map_err(ApiError::internal)?;
    match &creation.worker {
        None => Ok(creation),
        Some(place) => Err(ApiError::unprocessable(
            "worker_environment",
            format!(
                "version {label} asks for a worker environment ({place}), which this version of Beanpole does not have: \
                 take EnvironmentTier out of env.yaml, or name WebServer"
            ),
        )
        .with_field("version_label")),
    }
}

/// The options of a new environment: those of the request win.
pub fn options(creation: Creation, request: &[OptionSetting]) -> Vec<OptionSetting> {
    let is_given = |option: &OptionSetting| {
        request
            .iter()
            .any(|given| (&given.namespace, &given.name) == (&option.namespace, &option.name))
    };
    let mut options = creation.options;
    options.retain(|option| !is_given(option));
    options.extend_from_slice(request);
    options
}
