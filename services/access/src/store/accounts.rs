//! `access.accounts`.

use sqlx::PgConnection;
use time::OffsetDateTime;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AccountRow {
    pub id: String,
    pub name: String,
    pub created_at: OffsetDateTime,
}

pub async fn by_id(connection: &mut PgConnection, id: &str) -> sqlx::Result<Option<AccountRow>> {
    sqlx::query_as("select * from access.accounts where id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
}

/// Accounts by id, those after `after`, at most `limit`.
pub async fn page(
    connection: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<AccountRow>> {
    sqlx::query_as("select * from access.accounts where $1::text is null or id > $1 order by id limit $2")
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// Adds an account; false when its id or name is taken.
pub async fn insert(connection: &mut PgConnection, account: &AccountRow) -> sqlx::Result<bool> {
    sqlx::query(
        "insert into access.accounts (id, name, created_at) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(&account.id)
    .bind(&account.name)
    .bind(account.created_at)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}
