//! `GetSessionToken`: the caller's own rights for a while. The session ends with the key it was made by.

use beanpole_wire::{AwsError, Operation};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{Action, Credentials, errors};
use crate::{Caller, Gate, Principal, session::Of};

const DEFAULT: i64 = 12 * 3600;
const LEAST: i64 = 900;
const MOST: i64 = 36 * 3600;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetSessionToken {
    duration_seconds: Option<i64>,
    serial_number: Option<IgnoredAny>,
    token_code: Option<IgnoredAny>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Given {
    credentials: Credentials,
}

impl Operation for GetSessionToken {
    const NAME: &'static str = "GetSessionToken";
    type Output = Given;
}

impl Action for GetSessionToken {
    async fn run(self, gate: &Gate, caller: &Caller, now: i64) -> Result<Given, AwsError> {
        errors::refuse(&[
            ("SerialNumber", self.serial_number.is_some()),
            ("TokenCode", self.token_code.is_some()),
        ])?;
        let seconds = errors::seconds(self.duration_seconds, DEFAULT, LEAST, MOST)?;
        let of = match &caller.principal {
            Principal::Root => Of::Root,
            Principal::User { .. } if !caller.is_session() => Of::Key {
                id: caller.access_key_id.clone(),
            },
            _ => {
                return Err(
                    errors::ACCESS_DENIED.because("Cannot call GetSessionToken with session credentials")
                );
            }
        };
        let given = gate.issue(&caller.account, of, Vec::new(), now + seconds)?;
        Ok(Given {
            credentials: given.into(),
        })
    }
}
