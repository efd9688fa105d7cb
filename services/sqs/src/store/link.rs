//! One connection that belongs to one task, with its statements prepared.
//!
//! Used for what is done for every message: no pool, no check before use, binary parameters. Plans are
//! fixed to index scans, because the tables grow and shrink faster than statistics follow, and a plan
//! that was made for an empty table may serve one of a million rows. So the statement's words decide:
//! by `queue_id` or by an expression of it, which index (`migrations/0004_queue_indexes.sql`); by a list
//! whose queue is no constant, and `queue_id = any(array[list.queue])`, which cannot be merged along an
//! index, that a join begins with the list and not with the queue's messages.
//! Invariant: one user at a time; nothing on it is ever cut off in the middle, since its task runs
//! every batch to the end.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, Statement, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the driver says when something fails.
pub type Error = tokio_postgres::Error;

/// Whether an answer waits until the commit is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    Durable,
    /// A crash of the database may take the last fraction of a second back: only for what is then
    /// merely done again.
    Relaxed,
}

/// What a connection to a message store is told first.
pub const PLANS: &str = "set plan_cache_mode = force_generic_plan; set jit = off; set enable_seqscan = off; \
     set enable_hashjoin = off; set enable_mergejoin = off; set enable_bitmapscan = off; \
     set enable_material = off; set max_parallel_workers_per_gather = 0; \
     set idle_in_transaction_session_timeout = '60s'; set statement_timeout = '60s';";

/// A database URL that this driver cannot use.
#[derive(Debug, thiserror::Error)]
#[error("the message store's URL is not one of Postgres: {0}")]
pub struct BadUrl(String);

/// The way to one database.
#[derive(Clone)]
pub struct Way {
    config: Arc<Config>,
    tls: MakeRustlsConnect,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Way(hidden)")
    }
}

impl Way {
    /// From a URL as the rest of the server takes it. `sslmode` of `verify-ca` and `verify-full` mean
    /// `require` here, which always verifies.
    pub fn new(url: &str) -> Result<Self, BadUrl> {
        let url = url
            .replace("sslmode=verify-full", "sslmode=require")
            .replace("sslmode=verify-ca", "sslmode=require");
        let mut config: Config = url.parse().map_err(|error: Error| BadUrl(error.to_string()))?;
        config
            .application_name("beanpole-messages")
            .connect_timeout(Duration::from_secs(5))
            .keepalives_idle(Duration::from_secs(30));
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| BadUrl(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
            tls: MakeRustlsConnect::new(tls),
        })
    }

    async fn connect(&self, commit: Commit) -> Result<Connected, Error> {
        let (client, driver) = if self.config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = self.config.connect(NoTls).await?;
            (client, tokio::spawn(drive(connection)))
        } else {
            let (client, connection) = self.config.connect(self.tls.clone()).await?;
            (client, tokio::spawn(drive(connection)))
        };
        let connected = Connected {
            client,
            statements: HashMap::new(),
            driver,
        };
        connected.client.batch_execute(PLANS).await?;
        if commit == Commit::Relaxed {
            connected
                .client
                .batch_execute("set synchronous_commit = off")
                .await?;
        }
        Ok(connected)
    }
}

/// Moves the connection's bytes. Its errors are those of the statements that are lost with it.
async fn drive<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    if let Err(error) = connection.await {
        tracing::debug!(error.cause = %error, "a connection to a message store ended");
    }
}

struct Connected {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    driver: JoinHandle<()>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A connection that is made when it is needed and made anew when it was lost.
pub struct Link {
    way: Way,
    commit: Commit,
    connected: Option<Connected>,
}

impl Link {
    pub fn new(way: Way, commit: Commit) -> Self {
        Self {
            way,
            commit,
            connected: None,
        }
    }

    /// The connection, with `statements` prepared, in their order.
    pub async fn ready<const N: usize>(
        &mut self,
        statements: [&'static str; N],
    ) -> Result<(&mut Client, [Statement; N]), Error> {
        if self
            .connected
            .as_ref()
            .is_none_or(|connected| connected.client.is_closed())
        {
            self.connected = None;
            self.connected = Some(self.way.connect(self.commit).await?);
        }
        let connected = self.connected.as_mut().expect("it was made just now");
        for statement in statements {
            if !connected.statements.contains_key(statement) {
                let prepared = connected.client.prepare(statement).await?;
                connected.statements.insert(statement, prepared);
            }
        }
        let prepared = statements.map(|statement| connected.statements[statement].clone());
        Ok((&mut connected.client, prepared))
    }

    /// Lets go of the connection, with whatever transaction is open on it.
    pub fn close(&mut self) {
        self.connected = None;
    }
}
