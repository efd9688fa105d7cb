//! For tests: a database of its own for each test, in one private Postgres a test process.

use beanpole_testkit_postgres as postgres;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    App, Config,
    config::{AwsConfig, DatabaseUrl, MasterKeySource},
    serve, store,
};

/// A fresh database with all tables.
pub async fn database() -> DatabaseUrl {
    postgres::database().await.parse().unwrap()
}

/// A pool on a fresh database.
pub async fn pool() -> sqlx::PgPool {
    store::pool(&database().await, 8).unwrap()
}

/// A configuration for a server on any free port, and the folder it keeps its data in.
pub async fn config() -> (Config, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        database_url: database().await,
        database_connections: 8,
        listen: ([127, 0, 0, 1], 0).into(),
        data: folder.path().to_owned(),
        master_key: MasterKeySource::DataFolder,
        aws: AwsConfig::default(),
        public_url: "http://localhost:8000".to_owned(),
        domain: "localhost".to_owned(),
        edge_port: 8080,
        max_connections: 64,
        drain: std::time::Duration::from_secs(5),
        upload_pace: crate::http::pace::Pace::UPLOAD,
    };
    (config, folder)
}

/// The state of a server that does not listen. Keep the folder as long as it is used.
pub async fn app() -> (App, TempDir) {
    let (config, folder) = config().await;
    let app = serve::prepare(config, CancellationToken::new()).await.unwrap();
    (app, folder)
}
