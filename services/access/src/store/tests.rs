//! Every statement is understood by the database as it is after all migrations.

use sqlx::{Executor, SqlSafeStr};

/// The texts of the statements in this folder's files: what stands in a `query…(` as a literal.
fn statements() -> Vec<(&'static str, String)> {
    let files = [
        ("access_keys", include_str!("access_keys.rs")),
        ("accounts", include_str!("accounts.rs")),
        ("roles", include_str!("roles.rs")),
        ("standing", include_str!("standing.rs")),
        ("user_policies", include_str!("user_policies.rs")),
    ];
    let mut found = Vec::new();
    for (file, text) in files {
        for after in text.split("sqlx::query").skip(1) {
            let Some((_, rest)) = after.split_once('"') else {
                continue;
            };
            let (statement, _) = rest.split_once('"').expect("a literal ends");
            found.push((file, statement.to_owned()));
        }
    }
    found
}

#[tokio::test]
async fn every_statement_is_understood_by_the_database() {
    let pool = beanpole_testkit_postgres::pool().await;
    let mut connection = pool.acquire().await.unwrap();
    let statements = statements();
    assert!(statements.len() >= 18, "{} were found", statements.len());
    for (file, statement) in statements {
        let text = sqlx::AssertSqlSafe(statement.clone()).into_sql_str();
        if let Err(error) = connection.prepare(text).await {
            panic!("{file}: {error}\n{statement}");
        }
    }
}
