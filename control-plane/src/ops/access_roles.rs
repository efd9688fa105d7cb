//! Roles of accounts, which callers assume by STS.
//!
//! Roles on the platform (viewer, deployer, admin) are another thing.

use std::collections::BTreeMap;

use beanpole_access::{
    AccountId,
    caller::ENVIRONMENT_ROLE,
    store::{
        accounts,
        roles::{self, RoleRow},
    },
};
use beanpole_protocol::{
    Timestamp,
    api::{AccessRole, PutAccessRole},
};
use sqlx::{PgConnection, types::Json};

use super::{
    access_keys::{account_id, no_account},
    policies,
};
use crate::ApiError;

/// Seconds that a role's sessions may last when nobody says more.
const USUAL_SESSION: u32 = 3600;
/// Seconds that a role's sessions may last at most.
const LONGEST_SESSION: u32 = 43_200;

/// A role as the API shows it.
pub fn view(row: RoleRow) -> Result<AccessRole, ApiError> {
    let policies = row.policies.0.into_iter();
    let policies = policies.map(|(name, text)| Ok((name, policies::read(&text)?)));
    Ok(AccessRole {
        arn: format!("arn:aws:iam::{}:role/{}", row.account_id, row.name),
        account: row.account_id,
        name: row.name,
        trust: policies::read(&row.trust)?,
        policies: policies.collect::<Result<BTreeMap<_, _>, ApiError>>()?,
        max_session_seconds: u32::try_from(row.max_session_seconds).map_err(ApiError::internal)?,
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
    })
}

/// The account of a path.
pub async fn account(connection: &mut PgConnection, id: &str) -> Result<AccountId, ApiError> {
    let id = account_id("account", id)?;
    match accounts::by_id(connection, id.as_str()).await? {
        Some(_) => Ok(id),
        None => Err(no_account(&id)),
    }
}

/// Adds a role, or replaces what it says; sessions of it go on under the new policies.
pub async fn put(
    connection: &mut PgConnection,
    account_id: &str,
    name: &str,
    body: &PutAccessRole,
    now: Timestamp,
) -> Result<AccessRole, ApiError> {
    check_name("name", name)?;
    if name == ENVIRONMENT_ROLE {
        let message = format!("{ENVIRONMENT_ROLE} is the role of which environments are sessions");
        return Err(ApiError::invalid("name", message));
    }
    let trust = policies::trust("trust", &body.trust)?;
    let mut kept = BTreeMap::new();
    for (name, document) in &body.policies {
        let field = format!("policies.{name}");
        check_name(&field, name)?;
        kept.insert(name.clone(), policies::identity(&field, document)?);
    }
    let seconds = body.max_session_seconds.unwrap_or(USUAL_SESSION);
    if !(USUAL_SESSION..=LONGEST_SESSION).contains(&seconds) {
        return Err(ApiError::invalid(
            "max_session_seconds",
            format!(
                "a role's sessions last {USUAL_SESSION} to {LONGEST_SESSION} seconds at most, not {seconds}"
            ),
        ));
    }
    let account = account(connection, account_id).await?;
    let row = RoleRow {
        account_id: account.to_string(),
        name: name.to_owned(),
        trust,
        policies: Json(kept),
        max_session_seconds: i32::try_from(seconds).map_err(ApiError::internal)?,
        created_at: now.into(),
        updated_at: now.into(),
    };
    let row = roles::put(connection, &row).await?;
    tracing::info!(access.role = %row.name, access.account = %row.account_id, "a role was put");
    view(row)
}

/// Removes a role; its sessions end with it.
pub async fn delete(connection: &mut PgConnection, account_id: &str, name: &str) -> Result<(), ApiError> {
    let account = account(connection, account_id).await?;
    if roles::delete(connection, account.as_str(), name).await? {
        tracing::info!(access.role = %name, access.account = %account, "a role was removed");
        return Ok(());
    }
    Err(ApiError::not_found(
        "role_not_found",
        format!("the account {account} has no role {name:?}"),
    ))
}

/// IAM's names of roles and of their policies.
fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    Err(ApiError::invalid(
        field,
        "a name has 1 to 64 letters, digits and + = , . @ _ -",
    ))
}
