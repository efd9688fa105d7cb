//! A server from its configuration: database, keys, loops, routes, and a stop that ends all of them.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use beanpole_access::{Gate, Mode};
use beanpole_sqs::backend::BadStore;
use sqlx::PgPool;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    App, Config, api,
    auth::{attempts::SignIns, passwords::Passwords},
    aws::{self, AccessSeal},
    blobs::Blobs,
    bundle,
    config::NotLoopback,
    housekeeping,
    http::{
        layers,
        server::{self, Limits},
    },
    migrate,
    notices::Notices,
    problem, reconcile,
    secrets::{FirstStart, Secrets, SecretsError},
    store,
};

/// How long a start waits for a database that does not answer yet.
const DATABASE_PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the database does not answer: check BEANPOLE_DATABASE_URL and that Postgres runs")]
    Database(#[source] sqlx::Error),
    #[error("the database's tables cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("the data folder {path} cannot be used")]
    Data {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(
        "this database belongs to another master key: give this server the key of the others \
         (BEANPOLE_MASTER_KEY_FILE, or their <data>/master.key)"
    )]
    OtherKey,
    #[error(transparent)]
    Development(#[from] NotLoopback),
    #[error(transparent)]
    MessageStore(#[from] BadStore),
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
}

/// A server that runs. Stop it with [`Server::stop`], or wait for what stops it elsewhere.
pub struct Server {
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    accepting: tokio::task::JoinHandle<()>,
    loops: JoinSet<()>,
}

/// Starts a server; it serves when this returns. `stop` ends it.
pub async fn start(config: Config, stop: CancellationToken) -> Result<Server, StartError> {
    let app = prepare(config, stop.child_token()).await?;
    let listen = app.config.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|source| StartError::Listen {
            address: listen,
            source,
        })?;
    let address = listener.local_addr().unwrap_or(listen);
    let limits = Limits {
        connections: app.config.max_connections,
        drain: app.config.drain,
        head: server::HEAD_TIMEOUT,
    };
    let console = beanpole_web::router(beanpole_web::Settings {
        api: format!("http://{}", loopback(address)),
    });
    let router = layers::around(api::router(app.clone(), console));
    let router = aws::in_front(&app, router);
    let accepting = tokio::spawn(server::serve(listener, router, limits, stop.clone()));
    let loops = background(&app);
    if app.config.aws.mode == Mode::Development {
        tracing::warn!("development mode: whoever reaches this port may use every queue of every account");
    }
    tracing::info!(address = %address, "the server is ready");
    Ok(Server {
        app,
        address,
        stop,
        accepting,
        loops,
    })
}

/// Where this server reaches itself.
fn loopback(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Everything a server needs before it listens.
pub async fn prepare(config: Config, stopping: CancellationToken) -> Result<App, StartError> {
    config.aws.check(config.listen)?;
    let pool =
        store::pool(&config.database_url, config.database_connections).map_err(StartError::Database)?;
    migrate_when_up(&pool, &stopping).await?;
    let secrets = open_secrets(&pool, &config).await?;
    let blobs = Blobs::open(&config.data)
        .await
        .map_err(|source| StartError::Data {
            path: config.data.clone(),
            source,
        })?;
    for store in &config.aws.message_stores {
        let there = store::pool(&store.url, 1).map_err(StartError::Database)?;
        migrate_when_up(&there, &stopping).await?;
        there.close().await;
    }
    let gate = Gate::in_mode(pool.clone(), AccessSeal::of(&secrets), config.aws.mode);
    let sqs = aws::setup::sqs(&pool, &secrets, &config, &stopping)?;
    Ok(App {
        pool,
        blobs,
        secrets,
        gate,
        sqs,
        notices: Notices::new(),
        inspector: bundle::Inspector::default(),
        passwords: Passwords::default(),
        sign_ins: SignIns::default(),
        config: Arc::new(config),
        stopping,
    })
}

/// The master key of this database, and no other.
async fn open_secrets(pool: &PgPool, config: &Config) -> Result<Secrets, StartError> {
    let mut connection = pool.acquire().await.map_err(StartError::Database)?;
    let first = match store::installation::key_check(&mut connection)
        .await
        .map_err(StartError::Database)?
    {
        None => FirstStart::Yes,
        Some(_) => FirstStart::No,
    };
    let secrets = Secrets::load(&config.master_key, &config.data, first)?;
    let ours = secrets.check_value();
    let theirs = store::installation::claim_key_check(&mut connection, &ours)
        .await
        .map_err(StartError::Database)?;
    if theirs == ours {
        Ok(secrets)
    } else {
        Err(StartError::OtherKey)
    }
}

/// Migrates as soon as the database answers, which at boot may be after us.
async fn migrate_when_up(pool: &PgPool, stopping: &CancellationToken) -> Result<(), StartError> {
    let deadline = tokio::time::Instant::now() + DATABASE_PATIENCE;
    loop {
        let error = match pool.acquire().await {
            Ok(connection) => {
                drop(connection);
                return migrate::run(pool).await.map_err(StartError::Migrate);
            }
            Err(error) => error,
        };
        if !problem::is_outage(&error) || tokio::time::Instant::now() >= deadline {
            return Err(StartError::Database(error));
        }
        tracing::warn!(error.cause = %error, "waiting for the database");
        tokio::select! {
            () = stopping.cancelled() => return Err(StartError::Database(error)),
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}

/// The loops beside the requests. Each ends by itself when `app.stopping` is cancelled.
fn background(app: &App) -> JoinSet<()> {
    let mut loops = JoinSet::new();
    loops.spawn(housekeeping::run(app.clone()));
    loops.spawn(app.notices.clone().listen(app.pool.clone(), app.stopping.clone()));
    loops.spawn(reconcile::run(app.clone()));
    loops.spawn(reconcile::hosts::run(app.clone()));
    loops.spawn(reconcile::retention::run(app.clone()));
    loops
}

impl Server {
    /// Stops taking connections, lets open requests finish within the deadline, ends the loops.
    pub async fn stop(self) {
        self.stop.cancel();
        self.wait().await;
    }

    /// Waits until the server has stopped, because its token was cancelled.
    pub async fn wait(mut self) {
        if let Err(error) = self.accepting.await {
            tracing::error!(error.cause = %error, "the accept loop ended with a panic");
            self.stop.cancel();
        }
        let ended = async { while self.loops.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(10), ended)
            .await
            .is_err()
        {
            tracing::warn!("loops that did not end in time were cut off");
        }
        self.loops.shutdown().await;
        self.app.sqs.stop().await;
        let closed = tokio::time::timeout(Duration::from_secs(5), self.app.pool.close());
        if closed.await.is_err() {
            tracing::warn!("database connections that were still in use were cut off");
        }
    }
}
