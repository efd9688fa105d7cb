//! Accounts: what queues, keys and roles are of. They are added and never removed.

use beanpole_access::store::accounts::{self, AccountRow};
use beanpole_protocol::{
    Timestamp,
    api::{Account, CreateAccount},
};
use sqlx::PgConnection;

use super::{access_keys::account_id, identity::check_name};
use crate::ApiError;

/// An account as the API shows it.
pub fn view(row: AccountRow) -> Account {
    Account {
        id: row.id,
        name: row.name,
        created_at: row.created_at.into(),
    }
}

/// Adds an account.
pub async fn create(
    connection: &mut PgConnection,
    body: &CreateAccount,
    now: Timestamp,
) -> Result<Account, ApiError> {
    let id = account_id("id", &body.id)?;
    check_name("name", &body.name)?;
    let row = AccountRow {
        id: id.to_string(),
        name: body.name.clone(),
        created_at: now.into(),
    };
    if accounts::insert(connection, &row).await? {
        return Ok(view(row));
    }
    let (field, taken) = match accounts::by_id(connection, id.as_str()).await? {
        Some(_) => ("id", id.to_string()),
        None => ("name", format!("{:?}", body.name)),
    };
    Err(
        ApiError::conflict("account_exists", format!("there is an account {taken} already"))
            .with_field(field),
    )
}
