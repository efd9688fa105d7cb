//! `control.api_tokens`.

use beanpole_protocol::{TokenId, UserId, api::Role};
use sqlx::PgConnection;
use time::OffsetDateTime;

#[derive(sqlx::FromRow)]
pub struct TokenRow {
    #[sqlx(try_from = "String")]
    pub id: TokenId,
    #[sqlx(try_from = "String")]
    pub user_id: UserId,
    /// Name of its owner.
    pub user_name: String,
    /// Role of its owner, who may have lost some of it since.
    #[sqlx(try_from = "String")]
    pub user_role: Role,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub secret_hash: Vec<u8>,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub last_used_at: Option<OffsetDateTime>,
}

/// A token to be added.
pub struct NewToken<'a> {
    pub id: &'a TokenId,
    pub user: &'a UserId,
    pub name: &'a str,
    pub role: Role,
    pub secret_hash: &'a [u8],
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
}

/// The token whose secret has this hash.
pub async fn by_secret(connection: &mut PgConnection, hash: &[u8]) -> sqlx::Result<Option<TokenRow>> {
    sqlx::query_as(
        "select t.*, u.name as user_name, u.role as user_role
         from control.api_tokens t join control.users u on u.id = t.user_id
         where t.secret_hash = $1",
    )
    .bind(hash)
    .fetch_optional(connection)
    .await
}

pub async fn by_id(connection: &mut PgConnection, id: &TokenId) -> sqlx::Result<Option<TokenRow>> {
    sqlx::query_as(
        "select t.*, u.name as user_name, u.role as user_role
         from control.api_tokens t join control.users u on u.id = t.user_id
         where t.id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(connection)
    .await
}

/// Tokens by id, of one user or (with none) of all, those after `after`, at most `limit`.
pub async fn page(
    connection: &mut PgConnection,
    user: Option<&UserId>,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<TokenRow>> {
    sqlx::query_as(
        "select t.*, u.name as user_name, u.role as user_role
         from control.api_tokens t join control.users u on u.id = t.user_id
         where ($1::text is null or t.user_id = $1) and ($2::text is null or t.id > $2)
         order by t.id limit $3",
    )
    .bind(user.map(UserId::as_str))
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Adds a token; false when its owner has one of that name.
pub async fn insert(connection: &mut PgConnection, token: &NewToken<'_>) -> sqlx::Result<bool> {
    sqlx::query(
        "insert into control.api_tokens (id, user_id, name, role, secret_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (user_id, name) do nothing",
    )
    .bind(token.id.as_str())
    .bind(token.user.as_str())
    .bind(token.name)
    .bind(token.role.name())
    .bind(token.secret_hash)
    .bind(token.created_at)
    .bind(token.expires_at)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Remembers a use, unless one after `unless_since` is remembered.
pub async fn touch(
    connection: &mut PgConnection,
    id: &TokenId,
    now: OffsetDateTime,
    unless_since: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.api_tokens set last_used_at = $2
         where id = $1 and (last_used_at is null or last_used_at <= $3)",
    )
    .bind(id.as_str())
    .bind(now)
    .bind(unless_since)
    .execute(connection)
    .await
    .map(drop)
}

/// Revokes a token; false when there is none.
pub async fn delete(connection: &mut PgConnection, id: &TokenId) -> sqlx::Result<bool> {
    sqlx::query("delete from control.api_tokens where id = $1")
        .bind(id.as_str())
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}
