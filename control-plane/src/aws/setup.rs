//! From the server's configuration to its AWS services.

use axum::Router;
use beanpole_sqs::{
    Settings, Sqs,
    backend::{Backend, BadStore, Keys, MAIN, Setup, StoreUrl},
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::Entrance;
use crate::{App, Config, secrets::Secrets};

/// SQS on the server's own database and further message stores.
pub fn sqs(
    pool: &PgPool,
    secrets: &Secrets,
    config: &Config,
    stopping: &CancellationToken,
) -> Result<Sqs, BadStore> {
    let mut stores = vec![StoreUrl {
        name: MAIN.to_owned(),
        url: config.database_url.reveal().to_owned(),
    }];
    stores.extend(config.aws.message_stores.iter().map(|store| StoreUrl {
        name: store.name.clone(),
        url: store.url.reveal().to_owned(),
    }));
    let backend = Backend::start(Setup {
        pool: pool.clone(),
        stores,
        keys: Keys::new(secrets.derive("messages")),
        rules: config.aws.minute_rules,
        stopping: stopping.clone(),
    })?;
    let settings = Settings {
        base_url: config.aws.services_url.clone(),
    };
    Ok(Sqs::new(backend, settings))
}

/// `router` behind the AWS services.
pub fn in_front(app: &App, router: Router) -> Entrance {
    Entrance::new(app.gate.clone(), app.sqs.clone(), router)
}
