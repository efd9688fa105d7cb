//! The command line of `beanpole-edge`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Beanpole's edge: passes requests on to instances by host name.
///
/// Reads the routes that the agent writes, follows their changes, and goes on with the last ones
/// when nothing else is up. Logs go to standard error; BEANPOLE_LOG sets what is logged ("info" by
/// default, for instance "debug" or "warn,access=info").
///
/// To upgrade without a cut connection start the new edge with the same options: the sockets share
/// their ports. Once it listens it tells the old one to stop by the admin socket (SIGTERM does the
/// same): that one stops accepting, finishes what is open and leaves, after --drain-seconds at the
/// latest. On kernels from 5.14 set the sysctl
/// net.ipv4.tcp_migrate_req=1 so that not even a handshake in that very moment is lost.
#[derive(Clone, Debug, Parser)]
#[command(name = "beanpole-edge", version)]
pub struct Options {
    /// The routes file. It need not exist yet.
    #[arg(long, env = "BEANPOLE_EDGE_ROUTES", value_name = "FILE")]
    pub routes: PathBuf,

    /// Address to serve HTTP/1.1 and HTTP/2 on (repeatable).
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    pub listen: Vec<SocketAddr>,

    /// Unix socket to serve status and metrics on.
    #[arg(long, value_name = "SOCKET")]
    pub admin: Option<PathBuf>,

    /// Threads that serve requests; as many as processor cores by default.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub workers: Option<u16>,

    /// Client connections served at a time; further ones wait.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,

    /// Seconds a client has for a request's head.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub header_timeout: u32,

    /// Seconds a client's connection may idle between requests.
    #[arg(long, value_name = "SECONDS", default_value_t = 75, value_parser = clap::value_parser!(u32).range(1..))]
    pub idle_timeout: u32,

    /// Seconds an instance has to begin its answer once the request is sent.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    pub response_timeout: u32,

    /// Seconds that open requests get at a stop before they are cut.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub drain_seconds: u32,

    /// Log every request.
    #[arg(long)]
    pub access_log: bool,
}

impl Options {
    /// The threads to run: as asked, or one a core.
    pub fn worker_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.workers.map_or_else(cores, usize::from)
    }

    /// How long a stop may take.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.into())
    }
}
