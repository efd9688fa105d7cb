//! Whether somebody still exists: `access.people` and `access.environments`.

use sqlx::PgConnection;

/// A user of the platform, with what is attached.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PersonRow {
    pub name: String,
    /// `viewer`, `deployer` or `admin`.
    pub role: String,
    pub policies: Vec<String>,
}

/// A user by id, with the documents attached.
pub async fn person(connection: &mut PgConnection, id: &str) -> sqlx::Result<Option<PersonRow>> {
    sqlx::query_as(
        "select p.name, p.role,
                array(select document from access.user_policies u where u.user_id = p.id order by u.name) as policies
         from access.people p where p.id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// The application of an environment that is not terminated.
pub async fn application_of_living(
    connection: &mut PgConnection,
    environment: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select application_id from access.environments where id = $1 and living")
        .bind(environment)
        .fetch_optional(connection)
        .await
}
