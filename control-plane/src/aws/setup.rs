//! From the server's configuration to its AWS services.

use beanpole_access::Gate;
use beanpole_sqs::{
    Settings, Sqs,
    backend::{Backend, BadStore, Keys, MAIN, Setup, StoreUrl},
};

use super::Front;
use crate::App;

/// Starts the services. [`stop`] ends them.
pub fn start(app: &App) -> Result<Front, BadStore> {
    let mut stores = vec![StoreUrl {
        name: MAIN.to_owned(),
        url: app.config.database_url.reveal().to_owned(),
    }];
    stores.extend(app.config.message_stores.iter().map(|store| StoreUrl {
        name: store.name.clone(),
        url: store.url.reveal().to_owned(),
    }));
    let backend = Backend::start(Setup {
        pool: app.pool.clone(),
        stores,
        keys: Keys::new(app.secrets.derive("messages")),
        rules: app.config.aws.minute_rules,
        stopping: app.stopping.clone(),
    })?;
    let settings = Settings {
        base_url: app.config.aws.services_url.clone(),
    };
    Ok(Front {
        gate: gate(app),
        sqs: Sqs::new(backend, settings),
    })
}

fn gate(app: &App) -> Gate {
    todo_gate(app)
}
