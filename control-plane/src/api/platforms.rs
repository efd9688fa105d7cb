//! `/api/v1/platforms`

use beanpole_platforms::platform;
use beanpole_protocol::api::{Page, PlatformVersion};

use crate::{auth::Viewer, http::extract::Json};

/// The platforms that environments can run on, each with its branch, its version and what changed.
#[utoipa::path(
    get, path = "/api/v1/platforms", tag = "environments",
    responses((status = 200, description = "All of them", body = Page<PlatformVersion>))
)]
pub async fn list(_: Viewer) -> Json<Page<PlatformVersion>> {
    let items = platform::all()
        .map(|definition| PlatformVersion {
            name: definition.platform,
            branch: definition.release().branch.to_owned(),
            version: definition.release().version.to_owned(),
            changelog: definition.changelog.to_owned(),
        })
        .collect();
    Json(Page { items, next: None })
}
