//! Application versions: from an uploaded zip to a row whose bundle is safely on disk.
//!
//! Invariant: when a version's row is visible, its bundle is whole and durable in the blob store.

use beanpole_platforms::detect;
use beanpole_protocol::{
    Platform, Timestamp, VersionId,
    api::{ApplicationVersion, Build, BuildLog, UploadQuery},
};
use sqlx::PgConnection;

use super::{applications, creation, version_files};
use crate::{
    ApiError, App,
    blobs::{Incoming, Received},
    bundle::{
        BundleError, Layout, UPLOAD_LIMIT,
        configuration::{Installation, judge},
        manifests::judge_root_files,
    },
    http::pace::Paced,
    notices::{self, Notice},
    store::{
        application_versions::{self, SealedFiles, VersionRow},
        applications as application_rows, hosts,
    },
};

/// Whether an upload made a new version.
pub enum Uploaded {
    Created(ApplicationVersion),
    /// The same bytes were there under this label.
    Existing(ApplicationVersion),
}

impl From<BundleError> for ApiError {
    fn from(error: BundleError) -> Self {
        if let BundleError::Io(_) = error {
            return ApiError::internal(error);
        }
        let refusal = ApiError::unprocessable(error.kind(), error.to_string());
        match error.entry() {
            Some(entry) => refusal.with_field(entry),
            None => refusal,
        }
    }
}

fn too_large() -> ApiError {
    ApiError::too_large(
        "bundle_too_large",
        format!(
            "the bundle is larger than {} MB; leave out what the application does not need (.ebignore)",
            UPLOAD_LIMIT >> 20
        ),
    )
}

/// Refuses what can be refused before the body is read.
pub async fn may_upload(
    connection: &mut PgConnection,
    application: &str,
    label: &str,
    query: &UploadQuery,
    length: Option<u64>,
) -> Result<(), ApiError> {
    applications::check_label("a version label", "label", label)?;
    applications::check_description(&query.description)?;
    if length.is_some_and(|length| length > UPLOAD_LIMIT) {
        return Err(too_large());
    }
    match application_rows::keep(connection, application).await? {
        Some(_) => Ok(()),
        None => Err(applications::not_found(application)),
    }
}

/// Takes the body, inspects it, and makes the version.
pub async fn upload(
    app: &App,
    application: &str,
    label: &str,
    query: UploadQuery,
    body: Paced,
) -> Result<Uploaded, ApiError> {
    let incoming = app.blobs.begin().await.map_err(ApiError::internal)?;
    let received = receive(incoming, body).await?;
    let layout = app.inspector.inspect(received.path()).await?;
    let platform = choose_platform(&layout, query.platform)?;
    let mut judgement = judge(&layout.configuration_files, platform, &installation(app));
    let (creation, findings) = judge_root_files(&layout.root_files, platform);
    judgement.findings.extend(findings);
    let id = VersionId::random();
    let sealed = SealedFiles {
        creation: creation::seal(&app.secrets, &id, creation.as_ref())?,
        ..version_files::seal(&app.secrets, &id, &judgement, &layout.configuration_files)?
    };
    let version = VersionRow {
        id,
        label: label.to_owned(),
        description: query.description,
        platform,
        sha256: received.hash,
        size_bytes: received.size,
        notes: layout.notes,
        findings: judgement.findings,
        created_at: Timestamp::now(),
    };
    keep(app, application, version, &sealed, received).await
}

/// What functions in configuration files may ask for.
pub(super) fn installation(app: &App) -> Installation<'_> {
    Installation {
        region: &app.config.aws.region,
    }
}

/// The whole body, of which nothing is kept yet.
pub(super) async fn receive(mut incoming: Incoming, mut body: Paced) -> Result<Received, ApiError> {
    while let Some(chunk) = body.next().await? {
        if incoming.size() + chunk.len() as u64 > UPLOAD_LIMIT {
            return Err(too_large());
        }
        incoming.write(&chunk).await.map_err(ApiError::internal)?;
    }
    incoming.finish().await.map_err(ApiError::internal)
}

/// What was asked for, else what the files point to.
fn choose_platform(layout: &Layout, asked: Option<Platform>) -> Result<Platform, BundleError> {
    match asked {
        Some(platform) => Ok(platform),
        None => Ok(detect(layout.files.iter().map(String::as_str))?),
    }
}

/// Bundle first, row second: a crash between leaves a blob without a row, which is removed later.
async fn keep(
    app: &App,
    application: &str,
    version: VersionRow,
    sealed: &SealedFiles,
    received: Received,
) -> Result<Uploaded, ApiError> {
    let mut transaction = app.pool.begin().await?;
    application_versions::hold_blobs(&mut transaction).await?;
    let id = application_rows::keep(&mut transaction, application)
        .await?
        .ok_or_else(|| applications::not_found(application))?;
    if application_versions::insert(&mut transaction, &id, &version, sealed).await? {
        app.blobs.keep(received).await.map_err(ApiError::internal)?;
        transaction.commit().await?;
        tracing::info!(application.name = application, version.label = %version.label, version.id = %version.id,
            size_bytes = version.size_bytes, "a version was uploaded");
        return Ok(Uploaded::Created(view(application, version, Vec::new())));
    }
    let existing = application_versions::lock(&mut transaction, application, &version.label).await?;
    match existing {
        Some(existing) if existing.sha256 == received.hash => {
            // Puts the bundle back, should it have been lost.
            app.blobs.keep(received).await.map_err(ApiError::internal)?;
            let view = one_view(&mut transaction, application, existing).await?;
            transaction.commit().await?;
            Ok(Uploaded::Existing(view))
        }
        _ => Err(ApiError::conflict(
            "version_exists",
            format!(
                "the application {application:?} has a version {:?} with other content; choose a new label",
                version.label
            ),
        )
        .with_field("label")),
    }
}

/// A version as the API shows it.
pub fn view(application: &str, row: VersionRow, builds: Vec<Build>) -> ApplicationVersion {
    ApplicationVersion {
        id: row.id,
        application: application.to_owned(),
        label: row.label,
        description: row.description,
        platform: row.platform,
        sha256: row.sha256.to_string(),
        size_bytes: row.size_bytes,
        notes: row.notes,
        findings: row.findings,
        created_at: row.created_at,
        builds,
    }
}

async fn one_view(
    connection: &mut PgConnection,
    application: &str,
    row: VersionRow,
) -> Result<ApplicationVersion, ApiError> {
    let builds = application_versions::builds(connection, std::slice::from_ref(&row.id)).await?;
    Ok(view(
        application,
        row,
        builds.into_iter().map(|(_, build)| build).collect(),
    ))
}

/// Versions as the API shows them.
pub async fn views(
    connection: &mut PgConnection,
    application: &str,
    rows: Vec<VersionRow>,
) -> Result<Vec<ApplicationVersion>, ApiError> {
    let ids: Vec<VersionId> = rows.iter().map(|row| row.id.clone()).collect();
    let builds = application_versions::builds(connection, &ids).await?;
    let of = |id: &VersionId| {
        builds
            .iter()
            .filter(|(version, _)| version == id)
            .map(|(_, build)| build.clone())
            .collect()
    };
    Ok(rows
        .into_iter()
        .map(|row| (of(&row.id), row))
        .map(|(builds, row)| view(application, row, builds))
        .collect())
}

fn not_found(application: &str, label: &str) -> ApiError {
    ApiError::not_found(
        "version_not_found",
        format!("the application {application:?} has no version {label:?}"),
    )
}

async fn row(connection: &mut PgConnection, application: &str, label: &str) -> Result<VersionRow, ApiError> {
    match application_versions::by_label(connection, application, label).await? {
        Some(row) => Ok(row),
        None if application_rows::view(connection, application).await?.is_none() => {
            Err(applications::not_found(application))
        }
        None => Err(not_found(application, label)),
    }
}

pub async fn get(
    connection: &mut PgConnection,
    application: &str,
    label: &str,
) -> Result<ApplicationVersion, ApiError> {
    let row = row(connection, application, label).await?;
    one_view(connection, application, row).await
}

/// Deletes a version. Refused while an environment runs it, deploys it or would return to it.
pub async fn delete(
    connection: &mut PgConnection,
    application: &str,
    label: &str,
    now: Timestamp,
) -> Result<(), ApiError> {
    // Hosts first, as reconcile does: their lists change when an image is no longer wanted.
    hosts::lock_all(connection).await?;
    let found = application_versions::lock(connection, application, label).await?;
    let Some(version) = found else {
        return Err(row(connection, application, label)
            .await
            .err()
            .unwrap_or_else(|| not_found(application, label)));
    };
    let users = application_versions::users(connection, &version.id).await?;
    if !users.is_empty() {
        return Err(ApiError::conflict(
            "version_in_use",
            format!(
                "the version {label:?} is in use by {}; deploy another one there first",
                users.join(", ")
            ),
        ));
    }
    application_versions::delete(connection, &version.id, now).await?;
    let hosts = application_versions::forget_images(connection, &version.id).await?;
    hosts::bump(connection, &hosts).await?;
    for host in hosts {
        notices::send(connection, &Notice::Host(host)).await?;
    }
    Ok(())
}

/// The logs of a version's builds; each host's under its name when there are several. Empty when it
/// was never built: a version is built by its first deployment.
pub async fn build_log(
    connection: &mut PgConnection,
    application: &str,
    label: &str,
) -> Result<BuildLog, ApiError> {
    let version = row(connection, application, label).await?;
    let mut logs = application_versions::build_logs(connection, &version.id).await?;
    let text = if logs.len() == 1 {
        logs.remove(0).1
    } else {
        logs.iter()
            .map(|(host, log)| format!("== {host} ==\n{log}\n"))
            .collect()
    };
    Ok(BuildLog { text })
}
