//! `access.roles`.

use std::collections::BTreeMap;

use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RoleRow {
    pub account_id: String,
    pub name: String,
    pub trust: String,
    pub policies: Json<BTreeMap<String, String>>,
    pub max_session_seconds: i32,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl RoleRow {
    /// Tells a role from another that had its name before.
    pub(crate) fn made(&self) -> i64 {
        let microseconds = self.created_at.unix_timestamp_nanos() / 1000;
        i64::try_from(microseconds).unwrap_or_default()
    }
}

pub async fn by_name(
    connection: &mut PgConnection,
    account: &str,
    name: &str,
) -> sqlx::Result<Option<RoleRow>> {
    sqlx::query_as("select * from access.roles where account_id = $1 and name = $2")
        .bind(account)
        .bind(name)
        .fetch_optional(connection)
        .await
}

/// An account's roles by name, those after `after`, at most `limit`.
pub async fn page(
    connection: &mut PgConnection,
    account: &str,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<RoleRow>> {
    sqlx::query_as(
        "select * from access.roles where account_id = $1 and ($2::text is null or name > $2)
         order by name limit $3",
    )
    .bind(account)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Adds a role or replaces what it says; its creation stays.
pub async fn put(connection: &mut PgConnection, role: &RoleRow) -> sqlx::Result<RoleRow> {
    sqlx::query_as(
        "insert into access.roles
           (account_id, name, trust, policies, max_session_seconds, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (account_id, name) do update
           set trust = excluded.trust, policies = excluded.policies,
               max_session_seconds = excluded.max_session_seconds, updated_at = excluded.updated_at
         returning *",
    )
    .bind(&role.account_id)
    .bind(&role.name)
    .bind(&role.trust)
    .bind(&role.policies)
    .bind(role.max_session_seconds)
    .bind(role.created_at)
    .bind(role.updated_at)
    .fetch_one(connection)
    .await
}

/// Removes a role; false when there is none.
pub async fn delete(connection: &mut PgConnection, account: &str, name: &str) -> sqlx::Result<bool> {
    sqlx::query("delete from access.roles where account_id = $1 and name = $2")
        .bind(account)
        .bind(name)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}
