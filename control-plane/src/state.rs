//! What every handler and loop is given. Cheap to clone; holds no truth, only ways to it.

use std::sync::Arc;

use beanpole_access::Gate;
use beanpole_sqs::Sqs;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{attempts::SignIns, passwords::Passwords},
    blobs::Blobs,
    bundle::Inspector,
    config::Config,
    notices::Notices,
    secrets::Secrets,
};

#[derive(Clone)]
pub struct App {
    pub pool: PgPool,
    pub blobs: Blobs,
    pub secrets: Secrets,
    /// Who signs calls of AWS's services.
    pub gate: Gate,
    pub sqs: Sqs,
    pub notices: Notices,
    pub inspector: Inspector,
    pub passwords: Passwords,
    pub sign_ins: SignIns,
    pub config: Arc<Config>,
    /// Cancelled when the server begins to stop: long polls and streams end then.
    pub stopping: CancellationToken,
}
