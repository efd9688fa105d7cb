//! `access.access_keys`.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

/// The status of a key whose signatures are accepted.
pub const ACTIVE: &str = "active";

#[derive(Clone, sqlx::FromRow)]
pub struct KeyRow {
    pub id: String,
    pub account_id: String,
    pub user_id: String,
    /// Name of its user.
    pub user_name: String,
    pub secret_sealed: Vec<u8>,
    pub policy: Option<String>,
    /// `active` or `inactive`.
    pub status: String,
    pub created_at: OffsetDateTime,
    pub last_used_on: Option<Date>,
}

/// A key to be added; it is active.
pub struct NewKey<'a> {
    pub id: &'a str,
    pub account_id: &'a str,
    pub user_id: &'a str,
    pub secret_sealed: &'a [u8],
    pub policy: Option<&'a str>,
    pub created_at: OffsetDateTime,
}

pub async fn by_id(connection: &mut PgConnection, id: &str) -> sqlx::Result<Option<KeyRow>> {
    sqlx::query_as(
        "select k.*, p.name as user_name
         from access.access_keys k join access.people p on p.id = k.user_id where k.id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Keys by id, of one user or (with none) of all, those after `after`, at most `limit`.
pub async fn page(
    connection: &mut PgConnection,
    user: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<KeyRow>> {
    sqlx::query_as(
        "select k.*, p.name as user_name
         from access.access_keys k join access.people p on p.id = k.user_id
         where ($1::text is null or k.user_id = $1) and ($2::text is null or k.id > $2)
         order by k.id limit $3",
    )
    .bind(user)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// How many keys a user has.
pub async fn count_of(connection: &mut PgConnection, user: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from access.access_keys where user_id = $1")
        .bind(user)
        .fetch_one(connection)
        .await
}

pub async fn insert(connection: &mut PgConnection, key: &NewKey<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into access.access_keys
           (id, account_id, user_id, secret_sealed, policy, status, created_at)
         values ($1, $2, $3, $4, $5, 'active', $6)",
    )
    .bind(key.id)
    .bind(key.account_id)
    .bind(key.user_id)
    .bind(key.secret_sealed)
    .bind(key.policy)
    .bind(key.created_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Makes a key active or inactive; false when there is none.
pub async fn set_status(connection: &mut PgConnection, id: &str, status: &str) -> sqlx::Result<bool> {
    sqlx::query("update access.access_keys set status = $2 where id = $1")
        .bind(id)
        .bind(status)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Remembers the day of a use.
pub async fn touch(connection: &mut PgConnection, id: &str, today: Date) -> sqlx::Result<()> {
    sqlx::query(
        "update access.access_keys set last_used_on = $2
         where id = $1 and (last_used_on is null or last_used_on < $2)",
    )
    .bind(id)
    .bind(today)
    .execute(connection)
    .await
    .map(drop)
}

/// Removes a key; false when there is none.
pub async fn delete(connection: &mut PgConnection, id: &str) -> sqlx::Result<bool> {
    sqlx::query("delete from access.access_keys where id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}
