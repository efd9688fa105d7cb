//! `control.users` and `control.login_codes`.

use beanpole_protocol::{UserId, api::Role};
use sqlx::PgConnection;
use time::OffsetDateTime;

#[derive(sqlx::FromRow)]
pub struct UserRow {
    #[sqlx(try_from = "String")]
    pub id: UserId,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    /// argon2id PHC string.
    pub password_hash: Option<String>,
    pub created_at: OffsetDateTime,
    pub sessions_valid_from: OffsetDateTime,
}

pub async fn by_id(connection: &mut PgConnection, id: &UserId) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as("select * from control.users where id = $1")
        .bind(id.as_str())
        .fetch_optional(connection)
        .await
}

pub async fn by_name(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as("select * from control.users where name = $1")
        .bind(name)
        .fetch_optional(connection)
        .await
}

/// Users by name, those after `after`, at most `limit`.
pub async fn page(
    connection: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<UserRow>> {
    sqlx::query_as("select * from control.users where $1::text is null or name > $1 order by name limit $2")
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// Adds a user; false when the name is taken.
pub async fn insert(connection: &mut PgConnection, user: &UserRow) -> sqlx::Result<bool> {
    sqlx::query(
        "insert into control.users (id, name, role, password_hash, created_at, sessions_valid_from)
         values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing",
    )
    .bind(user.id.as_str())
    .bind(&user.name)
    .bind(user.role.name())
    .bind(&user.password_hash)
    .bind(user.created_at)
    .bind(user.sessions_valid_from)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Sets or (with none) removes a password, and ends all sessions begun before `now`.
pub async fn set_password(
    connection: &mut PgConnection,
    id: &UserId,
    password_hash: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("update control.users set password_hash = $2, sessions_valid_from = $3 where id = $1")
        .bind(id.as_str())
        .bind(password_hash)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Ends all sessions of a user begun before `now`.
pub async fn end_sessions(
    connection: &mut PgConnection,
    id: &UserId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("update control.users set sessions_valid_from = $2 where id = $1")
        .bind(id.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Locks all admins and says who they are, so that the last one is not removed by two at once.
pub async fn lock_admins(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select name from control.users where role = 'admin' order by id for update")
        .fetch_all(connection)
        .await
}

/// Removes a user with all tokens and codes; false when there is none of that name.
pub async fn delete(connection: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    sqlx::query("delete from control.users where name = $1")
        .bind(name)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Adds a one-time code.
pub async fn insert_login_code(
    connection: &mut PgConnection,
    code_hash: &[u8],
    user: &UserId,
    expires_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("insert into control.login_codes (code_hash, user_id, expires_at) values ($1, $2, $3)")
        .bind(code_hash)
        .bind(user.as_str())
        .bind(expires_at)
        .execute(connection)
        .await
        .map(drop)
}

/// Uses up a code that is still good at `now`: whose it was. Of two at once, one gets it.
pub async fn take_login_code(
    connection: &mut PgConnection,
    code_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as(
        "with taken as (
           delete from control.login_codes where code_hash = $1 returning user_id, expires_at)
         select users.* from control.users join taken on taken.user_id = users.id
         where taken.expires_at > $2",
    )
    .bind(code_hash)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Removes codes nobody used in time.
pub async fn forget_login_codes(connection: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<u64> {
    sqlx::query("delete from control.login_codes where expires_at <= $1")
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}
