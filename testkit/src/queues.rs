//! SQS alone: `beanpole serve` in development mode on a database of its own, without Docker.

use std::{net::SocketAddr, path::PathBuf, process::Command, time::Duration};

use beanpole_protocol::client::Client;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    eventually,
    ports::free_ports,
    program::{Program, command, scratch},
    world::programs,
};

/// The account that the servers' clients speak for.
pub const ACCOUNT: &str = "123456789012";
/// The region that they are in.
pub const REGION: &str = "us-east-1";

/// A test process has one Postgres of 100 connections, and a server takes up to 30 of them: no more than
/// this many grounds, of two servers at most, at a time.
static GROUNDS: Semaphore = Semaphore::const_new(2);

/// The ground of one or more servers: databases, and a folder for what they keep.
pub struct Queues {
    /// The server's own database.
    pub database: String,
    /// Whether servers keep messages in a second database too, `b`, and its URL.
    pub second_store: Option<String>,
    /// Where logs lie, which stay.
    pub logs: PathBuf,
    root: tempfile::TempDir,
    master_key: String,
    _place: SemaphorePermit<'static>,
}

/// One server.
pub struct Server {
    pub address: SocketAddr,
    _program: Program,
}

impl Queues {
    /// A fresh database, when other tests leave room for it. `name` is the test's.
    pub async fn new(name: &str) -> Self {
        let place = GROUNDS.acquire().await.expect("it is never closed");
        Self {
            _place: place,
            database: beanpole_testkit_postgres::database().await,
            second_store: None,
            logs: scratch(name),
            root: tempfile::tempdir().expect("a temporary folder"),
            master_key: hex::encode(rand::random::<[u8; 32]>()),
        }
    }

    /// [`Self::new`] with a second message store.
    pub async fn with_second_store(name: &str) -> Self {
        let mut queues = Self::new(name).await;
        queues.second_store = Some(beanpole_testkit_postgres::database().await);
        queues
    }

    /// Starts a server and waits until it is ready.
    pub async fn serve(&self) -> Server {
        let (address, _) = free_ports();
        let mut serve = command(programs().join("beanpole"));
        serve
            .args(["serve", "--aws-development", "--aws-minute-rules", "off"])
            .args(["--listen", &address.to_string()])
            .arg("--data")
            .arg(self.root.path().join(address.port().to_string()))
            .env("BEANPOLE_DATABASE_URL", &self.database)
            .env("BEANPOLE_DATABASE_CONNECTIONS", "6")
            .env("BEANPOLE_MASTER_KEY", &self.master_key);
        if let Some(url) = &self.second_store {
            serve.env("BEANPOLE_MESSAGE_STORES", format!("b={url}"));
        }
        let log = self.logs.join(format!("serve-{}.log", address.port()));
        let mut program = Program::start(serve, &log);
        let client = Client::new(&format!("http://{address}"), None).expect("a client");
        eventually("the server is ready", Duration::from_secs(60), || {
            program.assert_running();
            let client = &client;
            async move { client.is_ready().await.then_some(()) }
        })
        .await;
        Server {
            address,
            _program: program,
        }
    }

    /// One of AWS's clients, told in its environment whom it speaks for, and nothing else of ours.
    pub fn client(&self, program: PathBuf) -> Command {
        let mut client = command(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        client
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.root.path())
            .env("LANG", "C.UTF-8")
            .env("PYTHONUTF8", "1")
            .env("AWS_ACCESS_KEY_ID", ACCOUNT)
            .env("AWS_SECRET_ACCESS_KEY", "any")
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_REGION", REGION)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(self.root.path());
        client
    }
}

impl Server {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
