//! `access.user_policies`.

use sqlx::PgConnection;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PolicyRow {
    pub name: String,
    pub document: String,
}

/// A user's policies by name.
pub async fn of_user(connection: &mut PgConnection, user: &str) -> sqlx::Result<Vec<PolicyRow>> {
    sqlx::query_as("select name, document from access.user_policies where user_id = $1 order by name")
        .bind(user)
        .fetch_all(connection)
        .await
}

/// Removes all policies of a user.
pub async fn clear(connection: &mut PgConnection, user: &str) -> sqlx::Result<()> {
    sqlx::query("delete from access.user_policies where user_id = $1")
        .bind(user)
        .execute(connection)
        .await
        .map(drop)
}

/// Attaches policies to a user that has none of these names.
pub async fn insert(
    connection: &mut PgConnection,
    user: &str,
    names: &[String],
    documents: &[String],
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into access.user_policies (user_id, name, document)
         select $1, name, document from unnest($2::text[], $3::text[]) as t (name, document)",
    )
    .bind(user)
    .bind(names)
    .bind(documents)
    .execute(connection)
    .await
    .map(drop)
}
