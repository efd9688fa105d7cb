//! What the configuration files of a version mean for a deployment of it.

use beanpole_protocol::{
    VersionId,
    api::{Finding, FindingSeverity, OptionSetting},
};

use crate::{
    ApiError, App,
    bundle::configuration::{Differs, Judgement},
    options::OptionSet,
    resources::{Brought, Here, Subject, bring},
    secrets::Secrets,
    store::{application_versions::SealedFiles, deployable::FilesRow},
};

/// What a version's option settings are sealed for.
fn settings_context(version: &VersionId) -> String {
    format!("version's option settings {version}")
}

/// What its configuration files are sealed for.
fn files_context(version: &VersionId) -> String {
    format!("version's configuration files {version}")
}

/// For storage: what the files set for all environments, and they themselves if that is not all.
pub fn seal(
    secrets: &Secrets,
    version: &VersionId,
    judgement: &Judgement,
    files: &[(String, Vec<u8>)],
) -> Result<SealedFiles, ApiError> {
    Ok(SealedFiles {
        creation: None,
        settings: seal_settings(secrets, version, &judgement.settings)?,
        files: match judgement.differs {
            Differs::Nowhere => None,
            Differs::BetweenEnvironments => Some(seal_files(secrets, version, files)?),
        },
    })
}

/// None when there is nothing to keep.
pub fn seal_settings(
    secrets: &Secrets,
    version: &VersionId,
    settings: &[OptionSetting],
) -> Result<Option<Vec<u8>>, ApiError> {
    if settings.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_vec(settings).map_err(ApiError::internal)?;
    let sealed = secrets
        .seal(&text, &settings_context(version))
        .map_err(ApiError::internal)?;
    Ok(Some(sealed))
}

/// Files that were read are text; what is none was an error.
pub fn seal_files(
    secrets: &Secrets,
    version: &VersionId,
    files: &[(String, Vec<u8>)],
) -> Result<Vec<u8>, ApiError> {
    let texts: Vec<(&str, _)> = files
        .iter()
        .map(|(path, content)| (path.as_str(), String::from_utf8_lossy(content)))
        .collect();
    let text = serde_json::to_vec(&texts).map_err(ApiError::internal)?;
    secrets
        .seal(&text, &files_context(version))
        .map_err(ApiError::internal)
}

/// What a version brings to an environment, whose own options are `own`. An error says which line of a file
/// cannot be had there.
pub fn brings(
    app: &App,
    subject: Subject<'_>,
    (version, label): (&VersionId, &str),
    files: &FilesRow,
    own: &OptionSet,
) -> Result<Brought, ApiError> {
    let Some(sealed) = &files.files_sealed else {
        return Ok(Brought {
            settings: settings(&app.secrets, version, files)?,
            ..Brought::default()
        });
    };
    let text = app
        .secrets
        .open(sealed, &files_context(version))
        .map_err(ApiError::internal)?;
    let texts: Vec<(String, String)> = serde_json::from_slice(&text).map_err(ApiError::internal)?;
    let here = Here {
        config: &app.config,
        subject,
        own,
        names: Default::default(),
    };
    let brought = bring(&beanpole_ebextensions::parse(&texts).config, here);
    refuse(label, &brought.findings)?;
    Ok(brought)
}

/// The option settings that are the same for all environments.
fn settings(
    secrets: &Secrets,
    version: &VersionId,
    files: &FilesRow,
) -> Result<Vec<OptionSetting>, ApiError> {
    let Some(sealed) = &files.settings_sealed else {
        return Ok(Vec::new());
    };
    let text = secrets
        .open(sealed, &settings_context(version))
        .map_err(ApiError::internal)?;
    serde_json::from_slice(&text).map_err(ApiError::internal)
}

/// Refuses a version whose files cannot be used, before anything is touched.
pub fn check(label: &str, files: &FilesRow) -> Result<(), ApiError> {
    refuse(label, &files.findings)
}

fn refuse(label: &str, findings: &[Finding]) -> Result<(), ApiError> {
    let errors: Vec<_> = findings
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
