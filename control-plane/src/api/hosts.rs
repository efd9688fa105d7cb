//! `/api/v1/hosts`

use axum::extract::State;
use beanpole_protocol::{
    HostId, Timestamp,
    api::{Host, JoinToken, Page, PageQuery, Problem},
};
use http::StatusCode;

use super::paging;
use crate::{
    ApiError, App,
    auth::{Admin, Viewer},
    http::extract::{Json, Path, Query},
    ops,
    store::hosts::{self, HostWithLoad},
};

/// All hosts, by name.
#[utoipa::path(
    get, path = "/api/v1/hosts", tag = "hosts", params(PageQuery),
    responses((status = 200, description = "A page of hosts", body = Page<Host>))
)]
pub async fn list(
    _: Viewer,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Host>>, ApiError> {
    let rows = paging::rows(&query)?;
    let found = hosts::page(&mut *app.pool.acquire().await?, query.after.as_deref(), rows).await?;
    let views = found.into_iter().map(view).collect();
    Ok(Json(paging::page(views, rows, |host: &Host| host.name.clone())))
}

fn view(row: HostWithLoad) -> Host {
    let HostWithLoad { host, instances } = row;
    Host {
        online: host.alive(),
        id: host.id,
        name: host.name,
        last_seen_at: host.last_seen_at,
        cpus: host.facts.cpus,
        memory_bytes: host.facts.memory_bytes,
        docker_version: host.facts.docker_version,
        agent_version: host.facts.agent_version,
        services_trouble: host.facts.services_trouble,
        instances,
        joined_at: host.joined_at,
    }
}

/// Make a token with which one agent can join, within an hour. It is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/hosts/join-tokens", tag = "hosts",
    responses((status = 201, description = "The token", body = JoinToken))
)]
pub async fn create_join_token(
    Admin(principal): Admin,
    State(app): State<App>,
) -> Result<(StatusCode, Json<JoinToken>), ApiError> {
    let mut connection = app.pool.acquire().await?;
    let token = ops::join_tokens::create(&mut connection, &principal.user, Timestamp::now()).await?;
    Ok((StatusCode::CREATED, Json(token)))
}

/// Remove a host that is offline. What ran there is started elsewhere.
#[utoipa::path(
    delete, path = "/api/v1/hosts/{id}", tag = "hosts", params(("id" = String, Path)),
    responses(
        (status = 204, description = "The host is gone"),
        (status = 409, description = "The host is online", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn remove(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<HostId>,
) -> Result<StatusCode, ApiError> {
    let mut transaction = app.pool.begin().await?;
    ops::remove_host::remove_host(&mut transaction, &id, Timestamp::now()).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
