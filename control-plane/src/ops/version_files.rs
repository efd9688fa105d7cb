//! What the configuration files of a version mean for a deployment of it.

use beanpole_protocol::{
    VersionId,
    api::{FindingSeverity, OptionSetting},
};

use crate::{ApiError, secrets::Secrets, store::deployable::FilesRow};

/// What a version's option settings are sealed for.
fn context(version: &VersionId) -> String {
    format!("version's option settings {version}")
}

/// For storage; none when there is nothing to keep.
pub fn seal(
    secrets: &Secrets,
    version: &VersionId,
    settings: &[OptionSetting],
) -> Result<Option<Vec<u8>>, ApiError> {
    if settings.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_vec(settings).map_err(ApiError::internal)?;
    let sealed = secrets
        .seal(&text, &context(version))
        .map_err(ApiError::internal)?;
    Ok(Some(sealed))
}

/// The option settings that a version brings.
pub fn settings(
    secrets: &Secrets,
    version: &VersionId,
    files: &FilesRow,
) -> Result<Vec<OptionSetting>, ApiError> {
    let Some(sealed) = &files.settings_sealed else {
        return Ok(Vec::new());
    };
    let text = secrets
        .open(sealed, &context(version))
        .map_err(ApiError::internal)?;
    serde_json::from_slice(&text).map_err(ApiError::internal)
}

/// Refuses a version whose files cannot be used, before anything is touched.
pub fn check(label: &str, files: &FilesRow) -> Result<(), ApiError> {
    let errors: Vec<_> = files
        .findings
        .iter()
        .filter(|finding| finding.severity == FindingSeverity::Error)
        .collect();
    let Some(first) = errors.first() else {
        return Ok(());
    };
    let more = match errors.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more; `bp lint` shows them all)"),
    };
    Err(ApiError::unprocessable(
        "invalid_configuration_file",
        format!("version {label} cannot be deployed: {first}{more}"),
    )
    .with_field(first.file.clone()))
}
