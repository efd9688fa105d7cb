//! An application version with its builds.

use beanpole_protocol::{
    Timestamp,
    api::{ApplicationVersion, Build, BuildStatus},
};
use serde::Serialize;

use super::{Badge, Tone, badge, quantity, when::When};

#[derive(Debug, Serialize)]
pub struct VersionView {
    pub label: String,
    description: String,
    platform: &'static str,
    size: String,
    sha256: String,
    notes: Vec<String>,
    created: When,
    builds: Vec<BuildView>,
}

#[derive(Debug, Serialize)]
struct BuildView {
    host: String,
    status: Badge,
    reason: Option<String>,
    took: Option<String>,
}

impl VersionView {
    pub fn new(version: ApplicationVersion, now: Timestamp) -> Self {
        Self {
            label: version.label,
            description: version.description,
            platform: version.platform.name(),
            size: quantity::bytes(version.size_bytes),
            sha256: version.sha256,
            notes: version
                .findings
                .iter()
                .map(ToString::to_string)
                .chain(version.notes)
                .collect(),
            created: When::new(version.created_at, now),
            builds: version.builds.into_iter().map(build).collect(),
        }
    }
}

fn build(build: Build) -> BuildView {
    BuildView {
        host: build.host,
        status: match build.status {
            BuildStatus::Building => badge("building", Tone::Busy),
            BuildStatus::Ready => badge("ready", Tone::Good),
            BuildStatus::Failed => badge("failed", Tone::Bad),
        },
        reason: build.reason,
        took: build.duration_ms.map(quantity::duration),
    }
}
