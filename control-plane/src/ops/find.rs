//! Finding an environment to look at. (Operations that change one lock it instead.)

use std::time::Duration;

use beanpole_protocol::Timestamp;
use sqlx::PgConnection;

use super::update_environment::not_found;
use crate::{
    ApiError,
    store::environments::{self, EnvironmentRow},
};

/// A terminated environment can still be looked at for so long, unless its name is taken again.
const SHOWN_AFTER_TERMINATION: Duration = Duration::from_secs(3600);

pub async fn environment(
    conn: &mut PgConnection,
    name: &str,
    now: Timestamp,
) -> Result<EnvironmentRow, ApiError> {
    environments::by_name(conn, name, now - SHOWN_AFTER_TERMINATION)
        .await?
        .ok_or_else(|| not_found(name))
}
