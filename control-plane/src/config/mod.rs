//! From flags and environment to the settings the server runs with.
//!
//! [`ServeOptions`] is what people type; [`Config`] is checked and complete. Nothing after this
//! module reads the environment.

mod aws;

pub use self::aws::{AwsConfig, AwsOptions, MessageStore, NotLoopback};

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use crate::http::pace::Pace;

/// A Postgres URL. Its `Debug` hides what may be a password.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL itself, for the driver only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(hidden)")
    }
}

/// Text that is not a Postgres URL.
#[derive(Debug, thiserror::Error)]
#[error("a database URL begins with postgres:// or postgresql://")]
pub struct BadDatabaseUrl;

impl FromStr for DatabaseUrl {
    type Err = BadDatabaseUrl;
    fn from_str(text: &str) -> Result<Self, BadDatabaseUrl> {
        let known = ["postgres://", "postgresql://"];
        if known.iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadDatabaseUrl)
        }
    }
}

/// Where the database is; every command that needs it takes these.
#[derive(Clone, Debug, clap::Args)]
pub struct DatabaseOptions {
    /// Postgres, such as postgres://beanpole@db.example/beanpole
    #[arg(long, env = "BEANPOLE_DATABASE_URL", hide_env_values = true)]
    pub database_url: DatabaseUrl,
}

/// Where people reach the server; links that are printed begin with it.
#[derive(Clone, Debug, clap::Args)]
pub struct PublicUrl {
    /// URL of the server as people see it [default: http://localhost:<port>]
    #[arg(long, env = "BEANPOLE_PUBLIC_URL")]
    pub public_url: Option<String>,
}

/// `beanpole serve`, as typed.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeOptions {
    #[command(flatten)]
    pub database: DatabaseOptions,
    #[command(flatten)]
    pub public: PublicUrl,
    #[command(flatten)]
    pub aws: AwsOptions,
    /// Where to listen
    #[arg(long, env = "BEANPOLE_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// Folder for source bundles and the master key; several servers of one database share it
    #[arg(long, env = "BEANPOLE_DATA", default_value = "/var/lib/beanpole/server")]
    pub data: PathBuf,
    /// Environments are reached at <cname>.<domain>
    #[arg(long, env = "BEANPOLE_DOMAIN", default_value = "localhost")]
    pub domain: String,
    /// Port of the edge as people see it
    #[arg(long, env = "BEANPOLE_EDGE_PORT", default_value_t = 8080)]
    pub edge_port: u16,
    /// Open connections at most; more wait in the kernel's queue
    #[arg(long, env = "BEANPOLE_MAX_CONNECTIONS", default_value_t = 4096)]
    pub max_connections: usize,
    /// Database connections at most
    #[arg(long, env = "BEANPOLE_DATABASE_CONNECTIONS", default_value_t = 16)]
    pub database_connections: u32,
    /// Seconds that open requests get to finish when the server stops
    #[arg(long, env = "BEANPOLE_DRAIN_SECONDS", default_value_t = 10)]
    pub drain_seconds: u64,
    /// 64 hex digits; the same for all servers of one database [default: made at the first start]
    #[arg(long, env = "BEANPOLE_MASTER_KEY", hide_env_values = true, hide = true)]
    pub master_key: Option<MasterKeyText>,
    /// File that holds the master key [default: <data>/master.key, made at the first start]
    #[arg(long, env = "BEANPOLE_MASTER_KEY_FILE", conflicts_with = "master_key")]
    pub master_key_file: Option<PathBuf>,
}

/// The master key as given in the environment. Its `Debug` hides it.
#[derive(Clone)]
pub struct MasterKeyText(pub String);

impl fmt::Debug for MasterKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeyText(hidden)")
    }
}

impl From<String> for MasterKeyText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Where the master key comes from.
#[derive(Clone, Debug)]
pub enum MasterKeySource {
    Text(MasterKeyText),
    /// Must exist.
    File(PathBuf),
    /// Made at the first start.
    DataFolder,
}

/// What the server runs with.
#[derive(Clone, Debug)]
pub struct Config {
    pub database_url: DatabaseUrl,
    pub database_connections: u32,
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub master_key: MasterKeySource,
    pub aws: AwsConfig,
    /// Without a slash at its end.
    pub public_url: String,
    pub domain: String,
    pub edge_port: u16,
    pub max_connections: usize,
    /// How long open requests may take once the server stops.
    pub drain: Duration,
    /// How slowly bundles may come in.
    pub upload_pace: Pace,
}

impl PublicUrl {
    /// The URL given, or that of `port` on this machine; without a slash at its end.
    pub fn resolve(&self, port: u16) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{port}"),
        }
    }
}

impl From<ServeOptions> for Config {
    fn from(options: ServeOptions) -> Self {
        Config {
            public_url: options.public.resolve(options.listen.port()),
            database_url: options.database.database_url,
            database_connections: options.database_connections.max(2),
            listen: options.listen,
            data: options.data,
            master_key: match (options.master_key, options.master_key_file) {
                (Some(text), _) => MasterKeySource::Text(text),
                (None, Some(file)) => MasterKeySource::File(file),
                (None, None) => MasterKeySource::DataFolder,
            },
            aws: options.aws.into(),
            domain: options.domain,
            edge_port: options.edge_port,
            max_connections: options.max_connections.max(1),
            drain: Duration::from_secs(options.drain_seconds),
            upload_pace: Pace::UPLOAD,
        }
    }
}

impl Config {
    /// The URL of the environment with this CNAME prefix, as its users see it.
    pub fn environment_url(&self, cname_prefix: &str) -> String {
        match self.edge_port {
            80 => format!("http://{cname_prefix}.{}", self.domain),
            port => format!("http://{cname_prefix}.{}:{port}", self.domain),
        }
    }

    /// What URLs of queues begin with, for callers from outside.
    pub fn services_base(&self) -> &str {
        let base = self.aws.services_url.as_ref().unwrap_or(&self.public_url);
        base.trim_end_matches('/')
    }

    /// The URL of a queue, for callers from outside.
    pub fn queue_url(&self, key: &beanpole_sqs::model::QueueKey) -> String {
        format!("{}{}", self.services_base(), key.path())
    }

    /// The host name of the environment with this CNAME prefix.
    pub fn environment_host(&self, cname_prefix: &str) -> String {
        format!("{cname_prefix}.{}", self.domain)
    }
}
