//! `POST /agent/v1/report`: what one host looks like, written down in one transaction.
//!
//! Lock order: the host, its instances, wakes.

use std::time::Duration;

use axum::extract::State;
use beanpole_protocol::{
    HostId, Timestamp,
    agent::{ImageState, LEASE_SECONDS, ObservedImage, Report},
    output,
};
use http::StatusCode;
use sqlx::PgConnection;

use super::{credential::AgentOf, observe};
use crate::{
    ApiError, App,
    http::extract::Json,
    store::{
        environments,
        host_images::{self, BuildState, Outcome},
        hosts::{self, HostRow, Sighting},
        instances,
        wakes::{self, Routes},
    },
};

/// Characters of the reason of a failed build.
const LONGEST_REASON: usize = 800;

pub async fn report(
    AgentOf(host): AgentOf,
    State(app): State<App>,
    Json(report): Json<Report>,
) -> Result<StatusCode, ApiError> {
    let mut transaction = app.pool.begin().await?;
    if take(&mut transaction, &host, &report, Timestamp::now()).await? {
        transaction.commit().await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Writes a report; false when a later one was taken before, or the host is no more.
pub async fn take(
    conn: &mut PgConnection,
    host: &HostId,
    report: &Report,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let Some(before) = hosts::lock(conn, host).await? else {
        return Ok(false);
    };
    if Some((report.boot, report.sequence)) <= before.boot.map(|boot| (boot, before.sequence)) {
        tracing::debug!(host.id = %host, report.sequence = report.sequence, "a late report was ignored");
        return Ok(false);
    }
    let known = instances::reported_by(conn, host).await?;
    let mut changes = observe::instances(&known, &report.instances);
    if !changes.instances.is_empty() {
        instances::set_observed(conn, host, &changes.instances).await?;
    }
    for environment in images(conn, host, &report.images, now).await? {
        changes.wakes.entry(environment).or_insert(Routes::Same);
    }
    if before.edge != report.edge {
        let awaiting = instances::awaiting_edges(conn).await?;
        for environment in observe::edge_news(&awaiting, before.edge.as_ref(), report.edge.as_ref()) {
            changes.wakes.entry(environment).or_insert(Routes::Same);
        }
    }
    if is_new_capacity(&before, report) {
        for environment in environments::living_ids(conn).await? {
            changes.wakes.insert(environment, Routes::Changed);
        }
    }
    let sighting = Sighting {
        boot: report.boot,
        sequence: report.sequence,
        applied_generation: report.generation,
        edge: report.edge.as_ref(),
        facts: &report.facts,
        lease_until: now + Duration::from_secs(LEASE_SECONDS),
        now,
    };
    hosts::record_sighting(conn, host, &sighting).await?;
    if !changes.wakes.is_empty() {
        wakes::request(conn, &changes.wakes, now).await?;
    }
    Ok(true)
}

/// Whether environments may find room, or find their instances again, on this host.
fn is_new_capacity(before: &HostRow, report: &Report) -> bool {
    !before.alive() || before.facts.memory_bytes != report.facts.memory_bytes
}

/// Why a build failed, in one line of plain text whatever the agent sent: it goes into events.
fn sentence(reason: &str) -> String {
    let plain = output::plain(reason);
    let first = plain.lines().find(|line| !line.trim().is_empty());
    output::cut(first.unwrap_or_default().trim(), LONGEST_REASON)
}

/// Writes news of builds: which environments they concern.
async fn images(
    conn: &mut PgConnection,
    host: &HostId,
    reported: &[ObservedImage],
    now: Timestamp,
) -> sqlx::Result<Vec<beanpole_protocol::EnvironmentId>> {
    if reported.is_empty() {
        return Ok(Vec::new());
    }
    let known = host_images::of_host(conn, host).await?;
    let news = observe::images(&known, reported);
    if news.is_empty() {
        return Ok(Vec::new());
    }
    for image in &news {
        let (state, reason, build_ms) = match &image.state {
            ImageState::Building => (BuildState::Building, None, None),
            ImageState::Ready { build_ms } => (BuildState::Ready, None, *build_ms),
            ImageState::Failed { reason } => (BuildState::Failed, Some(sentence(reason)), None),
        };
        let outcome = Outcome {
            version: &image.version,
            state,
            reason: reason.as_deref(),
            build_ms,
        };
        host_images::record(conn, host, &outcome, now).await?;
    }
    let versions: Vec<_> = news.iter().map(|image| image.version.clone()).collect();
    host_images::environments_using(conn, &versions).await
}
