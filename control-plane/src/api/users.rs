//! `/api/v1/users`

use axum::{extract::State, response::Response};
use beanpole_protocol::{
    Timestamp,
    api::{CreateUser, Page, PageQuery, Problem, Role, SetPassword, User},
};
use http::StatusCode;
use sqlx::PgConnection;

use super::paging;
use crate::{
    ApiError, App,
    auth::{Admin, Identity},
    http::extract::{Json, Path, Query},
    idempotency::Idempotency,
    ops,
    store::users,
};

/// All users, by name.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "identity", params(PageQuery),
    responses((status = 200, description = "A page of users", body = Page<User>))
)]
pub async fn list(
    _: Admin,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<User>>, ApiError> {
    let rows = paging::rows(&query)?;
    let found = users::page(&mut *app.pool.acquire().await?, query.after.as_deref(), rows).await?;
    let views = found.into_iter().map(ops::identity::user_view).collect();
    Ok(Json(paging::page(views, rows, |user: &User| user.name.clone())))
}

/// Add a user.
#[utoipa::path(
    post, path = "/api/v1/users", tag = "identity", request_body = CreateUser,
    params(("idempotency-key" = Option<String>, Header, description = "Makes a repeated request one creation")),
    responses(
        (status = 201, description = "The user", body = User),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    Admin(principal): Admin,
    State(app): State<App>,
    idempotency: Idempotency,
    Json(body): Json<CreateUser>,
) -> Result<Response, ApiError> {
    let work = async |connection: &mut PgConnection| {
        ops::identity::create_user_with_password(connection, &app.passwords, &body, Timestamp::now()).await
    };
    idempotency
        .once(&app, &principal, &body, StatusCode::CREATED, work)
        .await
}

/// Remove a user with all sessions, tokens and access keys.
#[utoipa::path(
    delete, path = "/api/v1/users/{name}", tag = "identity", params(("name" = String, Path)),
    responses(
        (status = 204, description = "The user is gone"),
        (status = 409, description = "It is the last admin", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    _: Admin,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut transaction = app.pool.begin().await?;
    ops::identity::delete_user(&mut transaction, &name).await?;
    transaction.commit().await?;
    app.gate.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Set a password: one's own (signed in, not with an API token), or as an admin anybody's.
#[utoipa::path(
    put, path = "/api/v1/users/{name}/password", tag = "identity", params(("name" = String, Path)),
    request_body = SetPassword,
    responses((status = 204, description = "The password is set; all sessions of the user have ended"))
)]
pub async fn set_password(
    caller: Identity,
    State(app): State<App>,
    Path(name): Path<String>,
    Json(body): Json<SetPassword>,
) -> Result<StatusCode, ApiError> {
    let own = caller.principal.user == name && caller.principal.token.is_none();
    if !own && caller.principal.role < Role::Admin {
        return Err(ApiError::forbidden(
            "people set their own password, signed in and not with an API token; admins set anybody's",
        ));
    }
    let now = Timestamp::now();
    let mut connection = app.pool.acquire().await?;
    ops::identity::set_password(&mut connection, &app.passwords, &name, Some(body.password), now).await?;
    Ok(StatusCode::NO_CONTENT)
}
