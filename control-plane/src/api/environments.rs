//! `/api/v1/environments`

use axum::{extract::State, response::Response};
use beanpole_protocol::{
    Timestamp,
    api::{
        Configuration, CreateEnvironment, Environment, EnvironmentChange, Page, PageQuery, Problem, Role,
        UpdateEnvironment,
    },
};
use http::StatusCode;
use serde::Deserialize;
use sqlx::PgConnection;

use super::paging;
use crate::{
    ApiError, App,
    auth::{Deployer, Viewer},
    configurations,
    http::extract::{Json, Path, Query},
    idempotency::Idempotency,
    ops,
    options::Reveal,
    store::environments,
};

/// Narrows the list of environments.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct Filter {
    /// Only those of this application.
    #[serde(default)]
    application: Option<String>,
}

/// Living environments, by name.
#[utoipa::path(
    get, path = "/api/v1/environments", tag = "environments", params(PageQuery, Filter),
    responses((status = 200, description = "A page of environments", body = Page<Environment>))
)]
pub async fn list(
    _: Viewer,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<Environment>>, ApiError> {
    let rows = paging::rows(&query)?;
    let mut connection = app.pool.acquire().await?;
    let application = filter.application.as_deref();
    let found = environments::page(&mut connection, application, query.after.as_deref(), rows).await?;
    let views = found
        .into_iter()
        .map(|row| ops::views::environment(row, &app.config))
        .collect();
    Ok(Json(paging::page(views, rows, |environment: &Environment| {
        environment.name.clone()
    })))
}

/// Make an environment and launch it with a version. The answer has the deployment to await.
#[utoipa::path(
    post, path = "/api/v1/environments", tag = "environments", request_body = CreateEnvironment,
    params(("idempotency-key" = Option<String>, Header, description = "Makes a repeated request one creation")),
    responses(
        (status = 201, description = "The environment and its launch", body = EnvironmentChange),
        (status = 404, description = "No such application or version", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Name or CNAME prefix are taken", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "An option is unknown, not supported or not valid", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    Deployer(principal): Deployer,
    State(app): State<App>,
    idempotency: Idempotency,
    Json(body): Json<CreateEnvironment>,
) -> Result<Response, ApiError> {
    let work = async |connection: &mut PgConnection| {
        ops::create_environment::create_environment(&app, connection, &body, Timestamp::now()).await
    };
    idempotency
        .once(&app, &principal, &body, StatusCode::CREATED, work)
        .await
}

/// One environment; a terminated one for an hour more.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}", tag = "environments", params(("name" = String, Path)),
    responses(
        (status = 200, description = "The environment", body = Environment),
        (status = 404, description = "No such environment", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get(
    _: Viewer,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Environment>, ApiError> {
    let row = ops::find::environment(&mut *app.pool.acquire().await?, &name, Timestamp::now()).await?;
    Ok(Json(ops::views::environment(row, &app.config)))
}

/// Change options. What instances run with is rolled out as a deployment; capacity, traffic rules and
/// deployment rules hold at once.
#[utoipa::path(
    patch, path = "/api/v1/environments/{name}", tag = "environments", request_body = UpdateEnvironment,
    params(
        ("name" = String, Path),
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated request one change"),
    ),
    responses(
        (status = 200, description = "The environment, and the deployment to await if there is one", body = EnvironmentChange),
        (status = 409, description = "A deployment is running", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "An option is unknown, not supported or not valid", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update(
    Deployer(principal): Deployer,
    State(app): State<App>,
    Path(name): Path<String>,
    idempotency: Idempotency,
    Json(body): Json<UpdateEnvironment>,
) -> Result<Response, ApiError> {
    let work = async |connection: &mut PgConnection| {
        ops::update_environment::update_environment(&app, connection, &name, &body, Timestamp::now()).await
    };
    idempotency
        .once(&app, &principal, &body, StatusCode::OK, work)
        .await
}

/// Terminate: all instances go, the name is free again. A deployment that runs is superseded.
#[utoipa::path(
    delete, path = "/api/v1/environments/{name}", tag = "environments", params(("name" = String, Path)),
    responses(
        (status = 202, description = "The environment and its termination to await", body = EnvironmentChange),
        (status = 404, description = "No such environment", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn terminate(
    _: Deployer,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<EnvironmentChange>), ApiError> {
    let mut transaction = app.pool.begin().await?;
    let change = ops::terminate::terminate(&app, &mut transaction, &name, Timestamp::now()).await?;
    transaction.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(change)))
}

/// Every option with its value in force. Viewers see names of environment properties, not values.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/configuration", tag = "environments",
    params(("name" = String, Path)),
    responses((status = 200, description = "The options", body = Configuration))
)]
pub async fn configuration(
    Viewer(principal): Viewer,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Configuration>, ApiError> {
    let mut connection = app.pool.acquire().await?;
    let row = ops::find::environment(&mut connection, &name, Timestamp::now()).await?;
    let set = configurations::load_one(&mut connection, &app.secrets, &row.id, row.configuration).await?;
    let reveal = if principal.role >= Role::Deployer {
        Reveal::Values
    } else {
        Reveal::NamesOnly
    };
    Ok(Json(Configuration {
        revision: u32::try_from(row.configuration).unwrap_or(0),
        options: set.effective(reveal),
    }))
}
