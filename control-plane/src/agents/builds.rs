//! What an agent needs to build an image, and where it writes the build's log.

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use beanpole_protocol::{Timestamp, VersionId};
use http::{StatusCode, header};
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use super::{build_events, credential::AgentOf};
use crate::{
    ApiError, App,
    blobs::BlobHash,
    http::extract::{Path, Query},
    store::host_images,
};

fn not_wanted(version: &VersionId) -> ApiError {
    ApiError::not_found(
        "image_not_wanted",
        format!("the image of version {version} is not on this host's desired list"),
    )
}

/// The source bundle of a version whose image the host should have.
pub async fn bundle(
    AgentOf(host): AgentOf,
    State(app): State<App>,
    Path(version): Path<VersionId>,
) -> Result<Response, ApiError> {
    let hash = host_images::bundle_for(&mut *app.pool.acquire().await?, &host, &version)
        .await?
        .ok_or_else(|| not_wanted(&version))?;
    let hash = BlobHash::try_from(hash).map_err(ApiError::internal)?;
    let (file, size) = app.blobs.read(&hash).await.map_err(ApiError::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
    ];
    Ok((
        headers,
        Body::from_stream(ReaderStream::with_capacity(file, 64 * 1024)),
    )
        .into_response())
}

#[derive(Deserialize)]
pub struct Attempt {
    /// Which attempt to build it the text is of; the present one when absent.
    attempt: Option<u32>,
}

/// Appends to the log of the version's build on this host; the oldest part gives way. Text of an
/// older attempt is not wanted any more.
pub async fn append_log(
    AgentOf(host): AgentOf,
    State(app): State<App>,
    Path(version): Path<VersionId>,
    Query(Attempt { attempt }): Query<Attempt>,
    text: Bytes,
) -> Result<StatusCode, ApiError> {
    let text = String::from_utf8_lossy(&text);
    let mut transaction = app.pool.begin().await?;
    if !host_images::append_log(&mut transaction, &host, &version, attempt, &text).await? {
        return Err(not_wanted(&version));
    }
    transaction.commit().await?;
    // Apart: environments are locked before images, and an event is worth less than the log.
    let mut transaction = app.pool.begin().await?;
    build_events::record(&mut transaction, &version, &text, Timestamp::now()).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
