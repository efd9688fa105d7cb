//! Access keys of users: made, listed, put to rest, removed.
//!
//! Leaves to the gate what a key may do. Invariant: a key's secret leaves this module once, in the
//! answer to its creation; what is kept is sealed.

use beanpole_access::{
    AccountId, KeyPair, Seal,
    store::{
        access_keys::{self, KeyRow, NewKey},
        accounts,
    },
};
use beanpole_protocol::{
    AccessKeyId, Timestamp,
    api::{AccessKey, CreateAccessKey, KeyStatus, NewAccessKey},
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{identity, policies};
use crate::ApiError;

/// A key as the API shows it.
pub fn view(row: KeyRow) -> Result<AccessKey, ApiError> {
    Ok(AccessKey {
        id: row.id.parse().map_err(ApiError::internal)?,
        account: row.account_id,
        user: row.user_name,
        status: if row.status == access_keys::ACTIVE {
            KeyStatus::Active
        } else {
            KeyStatus::Inactive
        },
        policy: row.policy.as_deref().map(policies::read).transpose()?,
        created_at: row.created_at.into(),
        last_used_on: row.last_used_on.map(|day| day.to_string()),
    })
}

/// A new key; `caller` is whose it is when the request names nobody.
pub async fn create(
    connection: &mut PgConnection,
    seal: &dyn Seal,
    caller: &str,
    region: &str,
    body: &CreateAccessKey,
    now: Timestamp,
) -> Result<NewAccessKey, ApiError> {
    let account = match &body.account {
        None => AccountId::installation(),
        Some(id) => account_id("account", id)?,
    };
    let policy = match &body.policy {
        None => all_of_sqs(&account).to_string(),
        Some(document) => policies::identity("policy", document)?,
    };
    let name = body.user.as_deref().unwrap_or(caller);
    let user = identity::user(connection, name)
        .await
        .map_err(|error| error.with_field("user"))?;
    if accounts::by_id(connection, account.as_str()).await?.is_none() {
        return Err(no_account(&account).with_field("account"));
    }
    let pair = KeyPair::of_user();
    let row = NewKey {
        id: &pair.id,
        account_id: account.as_str(),
        user_id: user.id.as_str(),
        secret_sealed: &pair.sealed(seal).map_err(ApiError::internal)?,
        policy: Some(&policy),
        created_at: now.into(),
    };
    access_keys::insert(connection, &row)
        .await
        .map_err(|error| user_gone(error, name))?;
    let row = access_keys::by_id(connection, &pair.id).await?;
    let row = row.ok_or_else(|| ApiError::internal("an access key is not there after it was added"))?;
    tracing::info!(access.key = %pair.id, user.name = %name, access.account = %account, "an access key was made");
    Ok(NewAccessKey {
        key: view(row)?,
        secret: pair.secret,
        region: region.to_owned(),
    })
}

/// The policy of a key that was asked for without one.
fn all_of_sqs(account: &AccountId) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "sqs:*",
            "Resource": format!("arn:aws:sqs:*:{account}:*"),
        }],
    })
}

/// Somebody may remove the user between our look and our insert.
fn user_gone(error: sqlx::Error, name: &str) -> ApiError {
    match error.as_database_error() {
        Some(database) if database.is_foreign_key_violation() => {
            ApiError::not_found("user_not_found", format!("there is no user {name:?} any more"))
                .with_field("user")
        }
        _ => error.into(),
    }
}

/// Makes a key active or inactive. Other servers follow within seconds.
pub async fn set_status(
    connection: &mut PgConnection,
    id: &AccessKeyId,
    status: KeyStatus,
) -> Result<AccessKey, ApiError> {
    if !access_keys::set_status(connection, id.as_str(), status.name()).await? {
        return Err(no_key(id));
    }
    let row = access_keys::by_id(connection, id.as_str()).await?;
    tracing::info!(access.key = %id, access.status = status.name(), "an access key's status was set");
    view(row.ok_or_else(|| no_key(id))?)
}

/// Removes a key for good, with the sessions that were begun with it.
pub async fn delete(connection: &mut PgConnection, id: &AccessKeyId) -> Result<(), ApiError> {
    if access_keys::delete(connection, id.as_str()).await? {
        tracing::info!(access.key = %id, "an access key was removed");
        Ok(())
    } else {
        Err(no_key(id))
    }
}

fn no_key(id: &AccessKeyId) -> ApiError {
    ApiError::not_found("access_key_not_found", format!("there is no access key {id}"))
}

/// An account's id as a request has it.
pub(super) fn account_id(field: &str, text: &str) -> Result<AccountId, ApiError> {
    text.parse::<AccountId>()
        .map_err(|error| ApiError::invalid(field, format!("{error}, such as 000000000000, not {text:?}")))
}

pub(super) fn no_account(id: &AccountId) -> ApiError {
    ApiError::not_found(
        "account_not_found",
        format!("there is no account {id}; create it first"),
    )
}
