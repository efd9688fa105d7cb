//! Credentials for a while.

use beanpole_wire::AwsError;

use super::Gate;
use crate::{
    AccountId, Credentials, errors,
    session::{Of, Session},
    store::standing,
};

/// How long an environment's credentials are good; SDKs fetch others before.
const OF_ENVIRONMENT: i64 = 3600;

impl Gate {
    /// Credentials for an environment, good for an hour; none when there is no such environment or it is
    /// terminated.
    pub async fn environment_credentials(
        &self,
        environment: &str,
        now_seconds: i64,
    ) -> Result<Option<Credentials>, AwsError> {
        let mut connection = self.connection().await?;
        let living = standing::application_of_living(&mut connection, environment)
            .await
            .map_err(|error| errors::database(&error))?;
        drop(connection);
        if living.is_none() {
            return Ok(None);
        }
        let of = Of::Environment {
            id: environment.to_owned(),
        };
        let expires = now_seconds + OF_ENVIRONMENT;
        self.issue(self.account(), of, Vec::new(), expires).map(Some)
    }

    pub(crate) fn issue(
        &self,
        account: &AccountId,
        of: Of,
        policies: Vec<String>,
        expires: i64,
    ) -> Result<Credentials, AwsError> {
        Session::new(account.to_string(), of, policies, expires).give(self.seal(), self.mode())
    }
}
