//! `GetCallerIdentity`: open to everybody who signs, whatever policies say.

use beanpole_wire::{AwsError, Operation};
use serde::{Deserialize, Serialize};

use super::Action;
use crate::{Caller, Gate};

#[derive(Debug, Deserialize)]
pub(super) struct GetCallerIdentity {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Identity {
    user_id: String,
    account: String,
    arn: String,
}

impl Operation for GetCallerIdentity {
    const NAME: &'static str = "GetCallerIdentity";
    type Output = Identity;
}

impl Action for GetCallerIdentity {
    async fn run(self, _: &Gate, caller: &Caller, _: i64) -> Result<Identity, AwsError> {
        Ok(Identity {
            user_id: caller.user_id(),
            account: caller.account.to_string(),
            arn: caller.arn().0,
        })
    }
}
